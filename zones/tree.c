/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/tree.h"

#include <assert.h>
#include <string.h>

#define BITS 6
#define SLOTS 64
#define DEPTH 11 /* 10 x 6 bits, and the last 4 */

/* Counting bits is one instruction on all but the oldest machines: the two
 * functions of the fast path are compiled for both. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define POPCOUNT __attribute__((target_clones("popcnt", "default")))
#else
#define POPCOUNT
#endif

struct branch {
	uint64_t step;
	uint64_t used; /* bit i: slot i is in use */
	uint8_t capacity;
	void *slot[];
};

/* Slots hold nodes, or branches marked by the lowest bit. */
static inline bool
is_branch(const void *slot)
{
	return ((uintptr_t)slot & 1) != 0;
}

static inline struct branch *
as_branch(void *slot)
{
	return (struct branch *)((uintptr_t)slot & ~(uintptr_t)1);
}

static inline void *
from_branch(struct branch *b)
{
	return (void *)((uintptr_t)b | 1);
}

static inline unsigned
chunk(uint64_t hash, unsigned depth)
{
	return (unsigned)(hash >> (depth * BITS)) & (SLOTS - 1);
}

static inline __attribute__((always_inline)) unsigned
rank(const struct branch *b, unsigned bit)
{
	return (unsigned)__builtin_popcountll(
	    b->used & ((UINT64_C(1) << bit) - 1));
}

POPCOUNT
struct node *
tree_find_hash(const struct tree *t, uint64_t hash)
{
	const struct branch *b = t->root;

	for (uint64_t rest = hash; b != NULL; rest >>= BITS) {
		unsigned bit = rest & (SLOTS - 1);
		void *slot;

		if ((b->used >> bit & 1) == 0)
			return NULL;
		slot = b->slot[rank(b, bit)];
		if (!is_branch(slot)) {
			struct node *n = slot;
			return n->hash == hash ? n : NULL;
		}
		b = as_branch(slot);
	}
	return NULL;
}

struct node *
tree_find_name(
    const struct tree *t, uint64_t hash, const uint8_t *name, size_t name_len)
{
	struct node *n = tree_find_hash(t, hash);

	if (n == NULL || n->name_len != name_len ||
	    memcmp(node_owner(n), name, name_len) != 0)
		return NULL;
	return n;
}

struct node *
tree_find(const struct tree *t, const struct name_key *key, unsigned strip)
{
	unsigned at = key->label[strip];

	return tree_find_name(
	    t, key->hash[strip], key->wire + at, (size_t)key->len - at);
}

/* One walk of tree_find_many(): at a branch, or done. */
struct probe {
	const struct branch *b;
	uint64_t rest;
};

/* Takes one walk a level down and asks for the memory it needs next. */
static inline __attribute__((always_inline)) struct node *
probe_step(struct probe *p)
{
	unsigned bit = p->rest & (SLOTS - 1);
	void *slot;

	if ((p->b->used >> bit & 1) == 0) {
		p->b = NULL;
		return NULL;
	}
	slot = p->b->slot[rank(p->b, bit)];
	if (!is_branch(slot)) {
		p->b = NULL;
		__builtin_prefetch(slot);
		__builtin_prefetch((const char *)slot + 64);
		return slot;
	}
	p->b = as_branch(slot);
	p->rest >>= BITS;
	__builtin_prefetch(p->b);
	/* Where the slot will be if the branch is evenly filled. */
	__builtin_prefetch(&p->b->slot[(p->rest & (SLOTS - 1)) / 2]);
	return NULL;
}

POPCOUNT
void
tree_find_many(const struct tree *t, const uint64_t *hash, struct node **node,
    size_t count)
{
	struct probe probe[TREE_MANY];
	bool more = t->root != NULL;

	assert(count <= TREE_MANY);
	for (size_t i = 0; i < count; i++) {
		probe[i] = (struct probe){t->root, hash[i]};
		node[i] = NULL;
	}
	while (more) {
		more = false;
		for (size_t i = 0; i < count; i++) {
			if (probe[i].b == NULL)
				continue;
			node[i] = probe_step(&probe[i]);
			more |= probe[i].b != NULL;
		}
	}
	for (size_t i = 0; i < count; i++)
		if (node[i] != NULL && node[i]->hash != hash[i])
			node[i] = NULL;
}

static struct branch *
branch_new(struct edition *ed, unsigned capacity)
{
	struct branch *b;

	b = edition_alloc(ed, sizeof(*b) + capacity * sizeof(b->slot[0]));
	if (b != NULL) {
		b->step = ed->step;
		b->capacity = (uint8_t)capacity;
	}
	return b;
}

static unsigned
branch_count(const struct branch *b)
{
	return (unsigned)__builtin_popcountll(b->used);
}

/* A branch of this step with the content of old and room for `more` slots.
 * Room grows by halves, so that a bulk load leaves little behind. */
static struct branch *
branch_edit(struct edition *ed, struct branch *old, unsigned more)
{
	unsigned need = branch_count(old) + more, capacity;
	struct branch *b;

	if (old->step == ed->step && need <= old->capacity)
		return old;
	capacity = need;
	if (old->step == ed->step)
		capacity = need + need / 2 < SLOTS ? need + need / 2 : SLOTS;
	b = branch_new(ed, capacity);
	if (b == NULL)
		return NULL;
	b->used = old->used;
	memcpy(b->slot, old->slot, branch_count(old) * sizeof(b->slot[0]));
	edition_retire(ed, old);
	return b;
}

static void
branch_insert(struct branch *b, unsigned bit, void *slot)
{
	unsigned at = rank(b, bit), count = branch_count(b);

	assert(count < b->capacity);
	memmove(
	    b->slot + at + 1, b->slot + at, (count - at) * sizeof(b->slot[0]));
	b->slot[at] = slot;
	b->used |= UINT64_C(1) << bit;
}

static void
branch_delete(struct branch *b, unsigned bit)
{
	unsigned at = rank(b, bit), count = branch_count(b);

	memmove(b->slot + at, b->slot + at + 1,
	    (count - at - 1) * sizeof(b->slot[0]));
	b->used &= ~(UINT64_C(1) << bit);
}

/* Branches that tell two nodes with different hashes apart, from depth on. */
static struct branch *
branch_pair(struct edition *ed, struct node *a, struct node *b, unsigned depth)
{
	unsigned bit_a = chunk(a->hash, depth), bit_b = chunk(b->hash, depth);
	struct branch *top, *below;

	if (bit_a == bit_b) {
		below = branch_pair(ed, a, b, depth + 1);
		top = below ? branch_new(ed, 1) : NULL;
		if (top == NULL)
			return NULL;
		branch_insert(top, bit_a, from_branch(below));
		return top;
	}
	top = branch_new(ed, 2);
	if (top == NULL)
		return NULL;
	branch_insert(top, bit_a, a);
	branch_insert(top, bit_b, b);
	return top;
}

static bool
same_name(const struct node *a, const struct node *b)
{
	return a->hash == b->hash && a->name_len == b->name_len &&
	       memcmp(node_owner(a), node_owner(b), a->name_len) == 0;
}

/* Puts a node below a branch; *added says whether it is a new name.  Returns
 * the branch to use in place of old, or NULL with *err set. */
static struct branch *
branch_put(struct edition *ed, struct branch *old, struct node *n,
    unsigned depth, bool *added, enum error *err)
{
	unsigned bit = chunk(n->hash, depth);
	bool used = old->used >> bit & 1;
	struct branch *b = branch_edit(ed, old, used ? 0 : 1), *below;
	void **slot;

	if (b == NULL) {
		*err = ERR_MEMORY;
		return NULL;
	}
	if (!used) {
		branch_insert(b, bit, n);
		*added = true;
		return b;
	}
	slot = &b->slot[rank(b, bit)];
	if (is_branch(*slot)) {
		below =
		    branch_put(ed, as_branch(*slot), n, depth + 1, added, err);
	} else if (same_name(*slot, n)) {
		*slot = n;
		return b;
	} else if (((struct node *)*slot)->hash == n->hash) {
		*err = ERR_LIMIT;
		return NULL;
	} else {
		below = branch_pair(ed, *slot, n, depth + 1);
		*added = true;
		*err = ERR_MEMORY;
	}
	if (below == NULL)
		return NULL;
	*slot = from_branch(below);
	return b;
}

/* On failure half-made branches may hang from blocks of this step, in the
 * place where the old ones did; what they hold is the same, so the tree is
 * still as it was, or the caller rolls the step back. */
enum error
tree_put(struct edition *ed, struct tree *t, struct node *n)
{
	enum error err = ERR_MEMORY;
	bool added = false;
	struct branch *root = t->root;

	if (root == NULL)
		root = branch_new(ed, 1);
	if (root == NULL)
		return ERR_MEMORY;
	root = branch_put(ed, root, n, 0, &added, &err);
	if (root == NULL)
		return err;
	t->root = root;
	t->count += added;
	return OK;
}

/* Takes the node out below a branch.  *left becomes what the slot above must
 * hold: a branch, a node (a branch with one node left collapses) or NULL. */
static enum error
branch_remove(struct edition *ed, struct branch *old, const struct node *n,
    unsigned depth, void **left)
{
	unsigned bit = chunk(n->hash, depth);
	struct branch *b = branch_edit(ed, old, 0);
	void **slot, *below;
	enum error err;

	if (b == NULL)
		return ERR_MEMORY;
	assert(b->used >> bit & 1);
	slot = &b->slot[rank(b, bit)];
	if (is_branch(*slot)) {
		err = branch_remove(ed, as_branch(*slot), n, depth + 1, &below);
		if (err != OK)
			return err;
		*slot = below;
	} else {
		assert(same_name(*slot, n));
		branch_delete(b, bit);
	}
	*left = from_branch(b);
	if (b->used == 0 ||
	    (depth > 0 && branch_count(b) == 1 && !is_branch(b->slot[0]))) {
		/* Making it paid for the branch that it replaced. */
		err = edition_reserve(ed, 1);
		if (err != OK)
			return err;
		*left = b->used == 0 ? NULL : b->slot[0];
		edition_retire(ed, b);
	}
	return OK;
}

enum error
tree_remove(struct edition *ed, struct tree *t, const struct node *n)
{
	void *left;
	enum error err = branch_remove(ed, t->root, n, 0, &left);

	if (err != OK)
		return err;
	t->root = left ? as_branch(left) : NULL;
	t->count--;
	return OK;
}

static enum error
branch_walk(const struct branch *b, tree_fn *fn, void *arg)
{
	enum error err = OK;

	for (unsigned i = 0; i < branch_count(b) && err == OK; i++)
		err = is_branch(b->slot[i])
			  ? branch_walk(as_branch(b->slot[i]), fn, arg)
			  : fn(arg, b->slot[i]);
	return err;
}

enum error
tree_walk(const struct tree *t, tree_fn *fn, void *arg)
{
	return t->root ? branch_walk(t->root, fn, arg) : OK;
}

static enum error
branch_retire(struct edition *ed, struct branch *b)
{
	enum error err;

	for (unsigned i = 0; i < branch_count(b); i++) {
		if (!is_branch(b->slot[i]))
			continue;
		err = branch_retire(ed, as_branch(b->slot[i]));
		if (err != OK)
			return err;
	}
	err = edition_reserve(ed, 1);
	if (err == OK)
		edition_retire(ed, b);
	return err;
}

enum error
tree_retire(struct edition *ed, struct tree *t)
{
	enum error err = t->root ? branch_retire(ed, t->root) : OK;

	t->root = NULL;
	t->count = 0;
	return err;
}
