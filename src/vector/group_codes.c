/*-------------------------------------------------------------------------
 *
 * group_codes.c
 *		Codes of the rows of a vector, put together as the layout has it.
 *
 * src/vector/group_codes.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/errors.h"
#include "vector/group_internal.h"
#include "vector/group_kernels.h"

/* Where a key's codes go: index, or packed if that is not NULL. */
typedef struct Target
{
	uint32	   *index;
	uint64	   *packed;
	bool		add;			/* to what is there */
} Target;

/* Codes of words; live: NULL, or the key has a code for NULL. */
static bool
word_codes(const OlapKeyState *key, const int64 *words, const uint8 *live,
		   uint32 n, const Target *to)
{
	bool		bad;

	if (to->packed == NULL && live == NULL)
		bad = olap_index_i64(to->index, words, n, key->base, key->last,
							 key->null_offset, key->radix, to->add);
	else if (to->packed == NULL)
		bad = olap_index_live(to->index, words, live, n, key->base, key->last,
							  key->radix, to->add);
	else if (live == NULL)
		bad = olap_pack_i64(to->packed, words, n, key->base, key->last,
							key->null_offset, key->shift, to->add);
	else
		bad = olap_pack_live(to->packed, words, live, n, key->base, key->last,
							 key->shift, to->add);
	return !bad;
}

#define NATIVE(name) \
	(to->packed == NULL ? \
	 !olap_index_##name(to->index, v->values, n, key->base, key->last, \
						key->null_offset, key->radix, to->add) : \
	 !olap_pack_##name(to->packed, v->values, n, key->base, key->last, \
					   key->null_offset, key->shift, to->add))

/* Codes of integers without NULLs, from where they are. */
static bool
native_codes(const OlapKeyState *key, const OlapVector *v, uint32 n,
			 const Target *to)
{
	bool		is_unsigned = key->def.order == OLAP_ORDER_UINT;

	switch (v->phys)
	{
		case OLAP_PHYS_BOOL:
			return NATIVE(u8);
		case OLAP_PHYS_I8:
			return is_unsigned ? NATIVE(u8) : NATIVE(i8);
		case OLAP_PHYS_I16:
			return NATIVE(i16);
		case OLAP_PHYS_I32:
			return is_unsigned ? NATIVE(u32) : NATIVE(i32);
		default:
			return NATIVE(i64);
	}
}

/*
 * Words of rows that have no code in a frozen table give way to base, and the
 * rows are dead.
 */
static const int64 *
bury(OlapGroups *groups, const OlapKeyState *key, const int64 *words,
	 const uint8 **live, uint32 n)
{
	bool		nulls = *live != NULL && key->null_offset == 0;

	for (uint32 i = 0; i < n; i++)
	{
		bool		is_null = *live != NULL && !(*live)[i];
		bool		dead = is_null ? nulls :
			(uint64) words[i] - (uint64) key->base > key->last;

		groups->words[i] = dead ? key->base : words[i];
		groups->dead[i] |= dead;
		groups->any_dead |= dead;
	}
	if (nulls)
		*live = NULL;
	return groups->words;
}

static bool
raw_codes(OlapGroups *groups, OlapKeyState *key, const OlapVector *v, uint32 n,
		  const Target *to)
{
	const uint8 *live;
	const int64 *words;

	if (v->valid == NULL && !groups->frozen && v->phys != OLAP_PHYS_F32 &&
		v->phys != OLAP_PHYS_F64 && native_codes(key, v, n, to))
		return true;
	words = olap_key_words(groups, key, v, n, &live);
	if (groups->frozen)
		words = bury(groups, key, words, &live, n);
	if ((live == NULL || key->null_offset > 0) &&
		word_codes(key, words, live, n, to))
		return true;
	olap_key_extend(key, words, live, n);
	return false;
}

/* numbers: of the rows of v, if they are known. */
static bool
number_codes(OlapGroups *groups, OlapKeyState *key, const OlapVector *v,
			 const uint32 *numbers, uint32 n, const Target *to)
{
	uint32		count;

	if (numbers == NULL)
	{
		olap_key_numbers(groups, key, v, n, groups->numbers);
		numbers = groups->numbers;
		for (uint32 i = 0; groups->frozen && i < n; i++)
			if (numbers[i] == OLAP_NUMBER_NONE)
			{
				groups->numbers[i] = 0;
				groups->dead[i] = 1;
				groups->any_dead = true;
			}
	}
	count = key->mode == OLAP_KEY_WORDS ? key->words.count : key->bytes.count;
	if (key->limit > 0 && key->limit < count)
		return false;
	if (to->packed == NULL)
		olap_index_numbers(to->index, numbers, n, key->radix, to->add);
	else
		olap_pack_numbers(to->packed, numbers, n, key->shift, to->add);
	return true;
}

static bool
key_codes(OlapGroups *groups, OlapKeyState *key, const OlapVector *v, uint32 n,
		  const Target *to)
{
	if (key->mode == OLAP_KEY_RAW)
		return raw_codes(groups, key, v, n, to);
	return number_codes(groups, key, v, NULL, n, to);
}

/* All rows have the value of the first. */
static bool
constant_codes(OlapGroups *groups, OlapKeyState *key, const OlapVector *v,
			   uint32 n, const Target *to)
{
	uint32		index = 0;
	uint64		packed = 0;
	uint8		was_dead = groups->dead[0];
	Target		one = {.index = &index,
		.packed = to->packed == NULL ? NULL : &packed};

	groups->dead[0] = 0;
	if (!key_codes(groups, key, v, 1, &one))
		return false;
	if (groups->frozen && groups->dead[0])
		memset(groups->dead, 1, n);
	groups->dead[0] |= was_dead;
	if (to->packed == NULL)
		for (uint32 i = 0; i < n; i++)
			to->index[i] = to->add ? to->index[i] + index : index;
	else
		for (uint32 i = 0; i < n; i++)
			to->packed[i] = to->add ? to->packed[i] | packed : packed;
	return true;
}

static Target
target_of(OlapGroups *groups, const OlapKeyState *key)
{
	return (Target) {.index = groups->index,
		.packed = groups->layout == OLAP_LAYOUT_DIRECT ? NULL :
		groups->packed[key->word],
		.add = !key->starts};
}

static void
bury_none(OlapGroups *groups, uint32 n)
{
	groups->any_dead = false;
	if (groups->frozen)
		memset(groups->dead, 0, n);
}

bool
olap_groups_codes(OlapGroups *groups, const OlapVector *const *keys, uint32 n)
{
	bool		good = true;

	bury_none(groups, n);
	for (int k = 0; k < groups->nkeys; k++)
	{
		OlapKeyState *key = &groups->keys[k];
		Target		to = target_of(groups, key);

		if (key->constant && n > 1)
			good &= constant_codes(groups, key, keys[k], n, &to);
		else
			good &= key_codes(groups, key, keys[k], n, &to);
	}
	return good;
}

void
olap_groups_codes_of_groups(OlapGroups *groups, uint32 first, uint32 n)
{
	bury_none(groups, n);
	for (int k = 0; k < groups->nkeys; k++)
	{
		OlapKeyState *key = &groups->keys[k];
		Target		to = target_of(groups, key);
		bool		good;

		if (key->mode == OLAP_KEY_BYTES)
			good = number_codes(groups, key, NULL, key->numbers + first, n,
								&to);
		else
		{
			OlapVector	slice = olap_vector_slice(&key->values, first, n);

			good = key_codes(groups, key, &slice, n, &to);
		}
		Ensure(good, "a group has no place in its layout");
	}
}
