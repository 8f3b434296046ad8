/*-------------------------------------------------------------------------
 *
 * group_internal.h
 *		What the files of the group table share.
 *
 * Each key gives a row a code: a small number, equal for equal values.  A
 * layout makes one number of a row's codes and looks the group up by it.
 *
 *	 key		code
 *	 RAW		the value less a base (integers, bits of floats); 0 is NULL
 *	 WORDS		the value's number in a hash table of words
 *	 BYTES		the value's number in a hash table of byte strings
 *
 *	 layout		group
 *	 NUMBERS	one key: its code, WORDS or BYTES, is the group
 *	 DIRECT		an array by the codes in mixed radix
 *	 WORD		a hash table by the codes packed in 64 bits
 *	 WIDE		a hash table by the codes packed in several words
 *
 * A value without a code (out of a RAW key's range, more numbers than a layout
 * has bits for) makes the layout be chosen anew; group numbers stay.
 *
 * src/vector/group_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_GROUP_INTERNAL_H
#define OLAP_GROUP_INTERNAL_H

#include "vector/group.h"
#include "vector/group_table.h"
#include "vector/words.h"

/* An array of so many entries is always fine. */
#define OLAP_SMALL_ARRAY (1 << 16)
/* A wide key is numbered up to so many numbers. */
#define OLAP_MANY_WORDS 4096

typedef enum OlapKeyMode
{
	OLAP_KEY_UNKNOWN,			/* no row seen yet */
	OLAP_KEY_RAW,
	OLAP_KEY_WORDS,
	OLAP_KEY_BYTES
} OlapKeyMode;

typedef enum OlapGroupLayout
{
	OLAP_LAYOUT_NONE,
	OLAP_LAYOUT_NUMBERS,
	OLAP_LAYOUT_DIRECT,
	OLAP_LAYOUT_WORD,
	OLAP_LAYOUT_WIDE
} OlapGroupLayout;

/* Numbers by dictionary code. */
typedef struct OlapCodeMap
{
	const OlapVector *dict;
	uint64		place;
	uint32	   *numbers;
	uint32		capacity;
	uint32		known;			/* entries of dict that have a number or MAP_UNKNOWN */
} OlapCodeMap;

typedef struct OlapKeyState
{
	OlapGroupKey def;
	OlapKeyMode mode;
	bool		many;			/* too many words to be worth WORDS */
	bool		constant;		/* the vector at work has one value */

	/* what has been seen: NULLs, and the range of words */
	bool		has_null;
	bool		has_word;
	int64		min;
	int64		max;

	/* RAW: codes of base .. base + last are 0 .. last, or one more each */
	int64		base;
	uint64		last;
	uint32		null_offset;	/* 1: code 0 is NULL */

	/* in the layout */
	uint64		limit;			/* codes are below; 0: no limit */
	uint32		radix;			/* DIRECT */
	int			word;			/* WORD, WIDE */
	int			shift;
	bool		starts;			/* is the first of its array or word */

	OlapWordTable words;
	OlapByteTable bytes;
	OlapCodeMap map;

	/* by group */
	OlapVector	values;			/* not BYTES */
	uint32	   *numbers;		/* BYTES, if there are several keys */
	const char **firsts;		/* the same, if equal values may differ */
	uint32		capacity;		/* of these two */
} OlapKeyState;

struct OlapGroups
{
	MemoryContext cxt;
	size_t		memory_limit;
	uint32		expected;		/* groups, by the caller's guess */
	int			nkeys;
	OlapKeyState *keys;
	uint64		place;
	bool		frozen;
	uint32		count;
	uint32		review;			/* choose the layout anew at this count */

	OlapGroupLayout layout;
	uint32	   *map;			/* DIRECT */
	uint32		map_size;
	OlapWordTable word;
	OlapWideTable wide;
	int			width;			/* words of a row's codes, WORD: 1 */

	/* of the vector at work */
	bool		any_dead;
	uint32		index[OLAP_VECTOR_ROWS];	/* DIRECT */
	uint64	  **packed;			/* [width][OLAP_VECTOR_ROWS] */
	uint32		numbers[OLAP_VECTOR_ROWS];
	int64		words[OLAP_VECTOR_ROWS];
	uint8		live[OLAP_VECTOR_ROWS];
	uint8		dead[OLAP_VECTOR_ROWS]; /* frozen: a key has no such value */
	uint32		nfresh;			/* DIRECT: rows of new groups */
	uint32		fresh[OLAP_VECTOR_ROWS];
};

/*
 * As many of the expected groups as a hash table may have slots for before they are
 * there: a guess that is wrong must not spend the memory that groups need.  Slots of 16
 * bytes, 8/5 of the entries and up to twice as many, take a quarter at most.
 */
static inline uint32
olap_groups_table_expected(const OlapGroups *groups)
{
	return (uint32) Min(groups->expected, groups->memory_limit / 4 / 52);
}

static inline bool
olap_order_is_bytes(OlapOrder order)
{
	return order == OLAP_ORDER_BYTES || order == OLAP_ORDER_BPCHAR ||
		order == OLAP_ORDER_INTERVAL;
}

/* group_key.c ------------------------------------------------------------- */

/* Bring key into a mode that can take v. */
extern void olap_key_prepare(OlapGroups *groups, OlapKeyState *key,
							 const OlapVector *v);

/*
 * The words of n rows of v, whose rows may be the groups' or the keys'; *live
 * is NULL, or a byte a row, 0 = NULL.  Both are valid until the next call.
 */
extern const int64 *olap_key_words(OlapGroups *groups, const OlapKeyState *key,
								   const OlapVector *v, uint32 n,
								   const uint8 **live);

/* Numbers of the rows of v: of a key in WORDS or BYTES. */
extern void olap_key_numbers(OlapGroups *groups, OlapKeyState *key,
							 const OlapVector *v, uint32 n, uint32 *numbers);

/* Add words to what key has seen. */
extern void olap_key_extend(OlapKeyState *key, const int64 *words,
							const uint8 *live, uint32 n);

/* Change between RAW and WORDS; the groups' values become known to it. */
extern void olap_key_to_words(OlapGroups *groups, OlapKeyState *key);
extern void olap_key_to_raw(OlapKeyState *key);

/* Update min and max by the words in a WORDS key's table. */
extern void olap_key_scan_words(OlapKeyState *key);

/* Keep the values of rows fresh[0 .. nfresh) of v as the next groups'. */
extern void olap_key_store(OlapGroups *groups, OlapKeyState *key,
						   const OlapVector *v, uint32 nfresh);

/* group_codes.c ----------------------------------------------------------- */

/*
 * Codes of n rows into index or packed.  False: some value has no code (what
 * the keys have seen is then complete).  In a frozen table such rows are marked
 * dead instead.
 */
extern bool olap_groups_codes(OlapGroups *groups, const OlapVector *const *keys,
							  uint32 n);

/* The same for groups first .. first + n - 1, which have codes. */
extern void olap_groups_codes_of_groups(OlapGroups *groups, uint32 first,
										uint32 n);

/* group_layout.c ---------------------------------------------------------- */

/* Choose a layout by what the keys have seen, and enter all groups. */
extern void olap_groups_layout(OlapGroups *groups);

#endif							/* OLAP_GROUP_INTERNAL_H */
