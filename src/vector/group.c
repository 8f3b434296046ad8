/*-------------------------------------------------------------------------
 *
 * group.c
 *		Group tables: numbers for the rows of a vector, and the keys of groups.
 *
 * src/vector/group.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/hash.h"
#include "vector/group_internal.h"
#include "vector/group_kernels.h"

OlapGroups *
olap_groups_create(const OlapGroupKey *keys, int nkeys, size_t memory_limit,
				   MemoryContext parent)
{
	MemoryContext cxt = AllocSetContextCreate(parent, "olap groups",
											  ALLOCSET_DEFAULT_SIZES);
	OlapGroups *groups = MemoryContextAllocZero(cxt, sizeof(OlapGroups));

	groups->cxt = cxt;
	groups->memory_limit = memory_limit;
	groups->nkeys = nkeys;
	groups->place = 1;
	groups->keys = MemoryContextAllocZero(cxt, nkeys * sizeof(OlapKeyState));
	for (int k = 0; k < nkeys; k++)
	{
		groups->keys[k].def = keys[k];
		if (!olap_order_is_bytes(keys[k].order))
			olap_vector_init(&groups->keys[k].values, &keys[k].type, 0, cxt);
	}
	return groups;
}

void
olap_groups_limit(OlapGroups *groups, size_t memory_limit)
{
	groups->memory_limit = memory_limit;
}

void
olap_groups_expect(OlapGroups *groups, double count)
{
	groups->expected = (uint32) Min(Max(count, 0.0), (double) OLAP_NUMBER_LIMIT);
}

void
olap_groups_free(OlapGroups *groups)
{
	MemoryContextDelete(groups->cxt);
}

void
olap_groups_new_place(OlapGroups *groups)
{
	groups->place++;
}

static void
set_frozen(OlapGroups *groups, bool frozen)
{
	groups->frozen = frozen;
	groups->word.frozen = groups->wide.frozen = frozen;
	for (int k = 0; k < groups->nkeys; k++)
		groups->keys[k].words.frozen = groups->keys[k].bytes.frozen = frozen;
}

void
olap_groups_freeze(OlapGroups *groups)
{
	set_frozen(groups, true);
}

void
olap_groups_thaw(OlapGroups *groups)
{
	set_frozen(groups, false);
	/* of dictionaries' entries, too, some were not found that may be now */
	groups->place++;
}

uint32
olap_groups_count(const OlapGroups *groups)
{
	return groups->count;
}

size_t
olap_groups_memory(const OlapGroups *groups)
{
	return MemoryContextMemAllocated(groups->cxt, true);
}

void
olap_groups_reset(OlapGroups *groups)
{
	groups->frozen = false;
	groups->count = 0;
	groups->nfresh = 0;
	groups->review = 0;
	groups->place++;
	if (groups->layout == OLAP_LAYOUT_DIRECT)
		pfree(groups->map);
	else if (groups->layout == OLAP_LAYOUT_WORD)
		olap_word_table_free(&groups->word);
	else if (groups->layout == OLAP_LAYOUT_WIDE)
		olap_wide_table_free(&groups->wide);
	groups->layout = OLAP_LAYOUT_NONE;
	for (int k = 0; k < groups->nkeys; k++)
	{
		OlapKeyState *key = &groups->keys[k];

		if (key->mode == OLAP_KEY_BYTES)
			olap_byte_table_free(&key->bytes);
		else if (key->mode == OLAP_KEY_WORDS)
			olap_word_table_free(&key->words);
		if (!olap_order_is_bytes(key->def.order))
		{
			olap_vector_free(&key->values);
			olap_vector_init(&key->values, &key->def.type, 0, groups->cxt);
		}
		key->mode = OLAP_KEY_UNKNOWN;
		key->many = key->has_null = key->has_word = false;
	}
}

/* Assignment -------------------------------------------------------------- */

/* Do all rows of v hold one value, for certain? */
static bool
is_constant(const OlapVector *v, uint32 n)
{
	const char *values = v->values;
	size_t		width = v->width;

	if (v->valid != NULL)
	{
		bool		first = olap_vector_is_null(v, 0);

		for (uint32 i = 1; i < n; i++)
			if (olap_vector_is_null(v, i) != first)
				return false;
		if (first)
			return true;
	}
	if (v->codes != NULL && v->dict != NULL)
	{
		values = (const char *) v->codes;
		width = sizeof(uint32);
	}
	/* every value equals its successor */
	return memcmp(values, values + width, (n - 1) * width) == 0;
}

/* Find the keys that are constant here; returns whether all are. */
static bool
find_constants(OlapGroups *groups, const OlapVector *const *keys, uint32 n)
{
	bool		all = true;

	for (int k = 0; k < groups->nkeys; k++)
	{
		groups->keys[k].constant = is_constant(keys[k], n);
		all &= groups->keys[k].constant;
	}
	return all;
}

/* Free of branches: where many groups are new, no guess would be right. */
static void
look_up_new(OlapGroups *groups, uint32 n, uint32 *gids)
{
	uint32	   *map = groups->map;
	const uint32 *index = groups->index;
	uint32		count = groups->count;
	uint32		nfresh = 0;

	if (count >= OLAP_NUMBER_LIMIT - OLAP_VECTOR_ROWS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many groups in memory")));
	for (uint32 i = 0; i < n; i++)
	{
		uint32		gid = map[index[i]];
		bool		is_new = gid == OLAP_GROUP_NONE;

		gid = is_new ? count : gid;
		map[index[i]] = gid;
		gids[i] = gid;
		groups->fresh[nfresh] = i;
		nfresh += is_new;
		count += is_new;
	}
	groups->count = count;
	groups->nfresh = nfresh;
}

static void
look_up_direct(OlapGroups *groups, uint32 n, uint32 *gids)
{
	/* lately every eighth row was new: the first look is not worth it */
	if (groups->nfresh <= n / 8 || groups->frozen)
	{
		groups->nfresh = 0;
		if (olap_look_up(gids, groups->map, groups->index, n) !=
			OLAP_GROUP_NONE || groups->frozen)
			return;
	}
	look_up_new(groups, n, gids);
}

/* Numbers of n rows whose codes are known. */
static void
look_up(OlapGroups *groups, uint32 n, uint32 *gids)
{
	if (groups->layout == OLAP_LAYOUT_DIRECT)
		look_up_direct(groups, n, gids);
	else if (groups->layout == OLAP_LAYOUT_WORD)
	{
		olap_word_table_assign(&groups->word, groups->packed[0], NULL, n, gids);
		groups->count = groups->word.count;
	}
	else
	{
		olap_wide_table_assign(&groups->wide, groups->packed, n, gids);
		groups->count = groups->wide.count;
	}
	if (groups->any_dead)
		for (uint32 i = 0; i < n; i++)
			if (groups->dead[i])
				gids[i] = OLAP_GROUP_NONE;
}

static void
assign(OlapGroups *groups, const OlapVector *const *keys, uint32 n,
	   uint32 *gids)
{
	OlapKeyState *key = &groups->keys[0];

	if (groups->layout == OLAP_LAYOUT_NONE)
	{
		/* let the keys see the first rows */
		for (int k = 0; k < groups->nkeys; k++)
			if (groups->keys[k].mode == OLAP_KEY_RAW)
			{
				const uint8 *live;
				const int64 *words = olap_key_words(groups, &groups->keys[k],
													keys[k], n, &live);

				olap_key_extend(&groups->keys[k], words, live, n);
			}
		olap_groups_layout(groups);
	}
	for (int tries = 0; groups->layout != OLAP_LAYOUT_NUMBERS; tries++)
	{
		if (olap_groups_codes(groups, keys, n))
		{
			look_up(groups, n, gids);
			return;
		}
		/* each try knows more of the keys' values */
		if (tries > 4 * groups->nkeys + 8)
			elog(ERROR, "no layout of groups has room for a vector");
		olap_groups_layout(groups);
	}
	olap_key_numbers(groups, key, keys[0], n, gids);
	groups->count = key->mode == OLAP_KEY_BYTES ? key->bytes.count :
		key->words.count;
}

/* Keep the keys of the groups that gids have beyond the first count. */
static void
store(OlapGroups *groups, const OlapVector *const *keys,
	  const uint32 *gids, uint32 count)
{
	uint32		nfresh = groups->nfresh;

	if (groups->layout != OLAP_LAYOUT_DIRECT)
		for (uint32 i = nfresh = 0; count + nfresh < groups->count; i++)
		{
			groups->fresh[nfresh] = i;
			nfresh += gids[i] == count + nfresh;
		}
	for (int k = 0; k < groups->nkeys; k++)
		olap_key_store(groups, &groups->keys[k], keys[k], nfresh);
	if (groups->count >= groups->review)
		olap_groups_layout(groups);
}

bool
olap_groups_assign(OlapGroups *groups, const OlapVector *const *keys,
				   uint32 n, uint32 *gids)
{
	uint32		count = groups->count;
	bool		constant;

	if (n == 0)
		return true;
	if (groups->frozen && count == 0)
	{
		memset(gids, 0xFF, n * sizeof(uint32));
		return true;
	}
	constant = find_constants(groups, keys, n);
	for (int k = 0; k < groups->nkeys; k++)
		olap_key_prepare(groups, &groups->keys[k], keys[k]);
	assign(groups, keys, constant ? 1 : n, gids);
	if (groups->count > count)
		store(groups, keys, gids, count);
	if (constant)
		for (uint32 i = 1; i < n; i++)
			gids[i] = gids[0];
	return constant;
}

/* Keys of groups ---------------------------------------------------------- */

static void
append_string(OlapVector *out, const OlapColumnType *type, const char *string)
{
	if (string == NULL)
		olap_vector_append_null(out);
	else if (out->phys == OLAP_PHYS_VAR)
		olap_vector_append_var(out, VARDATA(string), OLAP_ARENA_LENGTH(string));
	else if (out->phys == OLAP_PHYS_FIXED)
		olap_vector_append_fixed(out, VARDATA(string));
	else
		olap_vector_append_datum(out, type, PointerGetDatum(string), false);
}

void
olap_groups_keys(const OlapGroups *groups, int key, uint32 first, uint32 n,
				 OlapVector *out)
{
	const OlapKeyState *state = &groups->keys[key];

	if (state->mode == OLAP_KEY_BYTES)
	{
		for (uint32 g = first; g < first + n; g++)
			append_string(out, &state->def.type,
						  groups->nkeys == 1 ? state->bytes.strings[g] :
						  state->firsts != NULL ? state->firsts[g] :
						  state->bytes.strings[state->numbers[g]]);
		return;
	}
	while (n > 0)
	{
		uint32		sel[OLAP_VECTOR_ROWS];
		uint32		part = Min(n, OLAP_VECTOR_ROWS);

		for (uint32 i = 0; i < part; i++)
			sel[i] = first + i;
		olap_vector_append_rows(out, &state->def.type, &state->values, sel,
								part);
		first += part;
		n -= part;
	}
}

/* Hashes ------------------------------------------------------------------ */

static uint64
hash_value(OlapGroups *groups, OlapKeyState *key, const OlapVector *v,
		   const int64 *words, uint32 row)
{
	OlapNumericScratch scratch;
	const uint8 *data;
	size_t		len;

	if (olap_vector_is_null(v, row))
		return 1;
	if (words != NULL)
		return olap_hash_u64((uint64) words[row]);
	data = olap_vector_bytes(v, row, &scratch, &len);
	return olap_bytes_hash(key->def.order, data, len);
}

void
olap_groups_hash(OlapGroups *groups, const OlapVector *const *keys, uint32 n,
				 uint32 seed, uint32 *hashes)
{
	uint64		hash[OLAP_VECTOR_ROWS];

	for (uint32 i = 0; i < n; i++)
		hash[i] = olap_hash_u64(seed);
	for (int k = 0; k < groups->nkeys; k++)
	{
		OlapKeyState *key = &groups->keys[k];
		const int64 *words = NULL;
		const uint8 *live;

		if (key->def.order < OLAP_ORDER_NUMERIC)
			words = olap_key_words(groups, key, keys[k], n, &live);
		for (uint32 i = 0; i < n; i++)
			hash[i] = olap_hash_mix(hash[i] ^
									hash_value(groups, key, keys[k], words, i),
									UINT64CONST(0xD6E8FEB86659FD93) + k);
	}
	for (uint32 i = 0; i < n; i++)
		hashes[i] = (uint32) (hash[i] ^ hash[i] >> 32);
}
