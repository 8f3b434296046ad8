/*-------------------------------------------------------------------------
 *
 * group_table.h
 *		Hash tables that number what they see: 0, 1, 2, ... in order of
 *		the first row.
 *
 * Three kinds of keys: words (64 bits), rows of several words, and byte
 * strings.  A NULL takes a number of the same sequence; the tables keep it
 * aside.  Hash functions are public, so a table bounds its probes: when a chain
 * is longer than chance can explain, it is built anew with another seed.  Keys
 * that stay together all the same are put up with: each new seed doubles the
 * bound.
 *
 * src/vector/group_table.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_GROUP_TABLE_H
#define OLAP_GROUP_TABLE_H

#include "base/varlena.h"
#include "vector/expr.h"
#include "vector/vector.h"

/* No number. */
#define OLAP_NUMBER_NONE PG_UINT32_MAX
/* A table gives at most so many: 32 bits of hash are enough then. */
#define OLAP_NUMBER_LIMIT (UINT32_C(1) << 31)

typedef struct OlapWordSlot
{
	uint64		key;
	uint32		number;			/* OLAP_NUMBER_NONE: free */
} OlapWordSlot;

typedef struct OlapWordTable
{
	MemoryContext cxt;
	OlapWordSlot *slots;		/* mask + 1 of them */
	uint64		mask;
	int			shift;			/* leaves as many bits of a hash */
	uint64		seed;
	uint32		max_probes;
	uint32		count;			/* numbers given, NULL's included */
	uint32		expected;		/* by the caller's guess; 0: none */
	uint32		null_number;
	bool		frozen;			/* unknown keys get OLAP_NUMBER_NONE */
} OlapWordTable;

/*
 * The mask of a table of count entries that is full.  It doubles; but once a guess at
 * how many there will be has begun to come true, the steps to it are longer, because
 * moving entries takes a third of the time of a table that only doubles.
 */
#define OLAP_TABLE_BELIEF 4096
#define OLAP_TABLE_STEP 16

static inline uint64
olap_table_grown(uint64 mask, uint32 count, uint32 expected)
{
	uint64		target = Min((uint64) expected, (uint64) count * OLAP_TABLE_STEP);

	mask = mask * 2 + 1;
	while (count >= OLAP_TABLE_BELIEF && target * 8 > (mask + 1) * 5)
		mask = mask * 2 + 1;
	return mask;
}

extern void olap_word_table_init(OlapWordTable *table, MemoryContext cxt);
extern void olap_word_table_free(OlapWordTable *table);
extern void olap_word_table_reset(OlapWordTable *table);

/* live: one byte a row, 0 = NULL; NULL pointer = none is. */
extern void olap_word_table_assign(OlapWordTable *table, const uint64 *keys,
								   const uint8 *live, uint32 n,
								   uint32 *numbers);

/* Rows of width words, row i's at keys[word][i]. */
typedef struct OlapWideSlot
{
	uint32		hash;
	uint32		number;
} OlapWideSlot;

typedef struct OlapWideTable
{
	MemoryContext cxt;
	OlapWideSlot *slots;
	uint64		mask;
	int			shift;
	uint64		seed;
	uint32		max_probes;
	int			width;
	uint64	   *keys;			/* [count * width], by number */
	uint32		capacity;		/* keys have room for */
	uint32		count;
	uint32		expected;		/* by the caller's guess; 0: none */
	bool		frozen;
} OlapWideTable;

extern void olap_wide_table_init(OlapWideTable *table, int width,
								 MemoryContext cxt);
extern void olap_wide_table_free(OlapWideTable *table);
extern void olap_wide_table_assign(OlapWideTable *table,
								   uint64 *const *keys, uint32 n,
								   uint32 *numbers);

/* Byte strings in blocks, as plain varlenas; pointers stay valid. */
typedef struct OlapByteArena
{
	MemoryContext cxt;			/* holds nothing else */
	char	   *at;
	size_t		left;
	size_t		block;			/* size of the next one */
} OlapByteArena;

extern void olap_byte_arena_init(OlapByteArena *arena, MemoryContext parent);
extern const char *olap_byte_arena_add(OlapByteArena *arena,
									   const uint8 *data, size_t len);
extern char *olap_byte_arena_take(OlapByteArena *arena, size_t size);
extern void olap_byte_arena_reset(OlapByteArena *arena);

/* Of a string that olap_byte_arena_add() returned. */
#define OLAP_ARENA_LENGTH(string) ((size_t) VARSIZE(string) - VARHDRSZ)
#define OLAP_ARENA_DATA(string) ((const uint8 *) VARDATA(string))

typedef struct OlapByteSlot
{
	uint32		hash;
	uint32		number;
	const char *string;
} OlapByteSlot;

/* order: what equality is; BYTES, BPCHAR or NUMERIC. */
typedef struct OlapByteTable
{
	MemoryContext cxt;
	OlapOrder	order;
	OlapByteSlot *slots;
	uint64		mask;
	int			shift;
	uint64		seed;
	uint32		max_probes;
	const char **strings;		/* [count], by number; NULL's is NULL */
	uint32		capacity;
	uint32		count;
	uint32		expected;		/* by the caller's guess; 0: none */
	uint32		null_number;
	bool		frozen;
	OlapByteArena arena;
} OlapByteTable;

extern void olap_byte_table_init(OlapByteTable *table, OlapOrder order,
								 MemoryContext cxt);
extern void olap_byte_table_free(OlapByteTable *table);
extern void olap_byte_table_reset(OlapByteTable *table);

/* The number of one value; of NULL. */
extern uint32 olap_byte_table_find(OlapByteTable *table, const uint8 *data,
								   size_t len);
extern uint32 olap_byte_table_null(OlapByteTable *table);

/* Of up to so many rows of a vector, none of them NULL; VAR, FIXED or DEC64. */
#define OLAP_BYTE_BATCH 64

extern void olap_byte_table_find_rows(OlapByteTable *table,
									  const OlapVector *v, const uint32 *rows,
									  uint32 n, uint32 *numbers);

/* Of rows 0 .. n - 1. */
extern void olap_byte_table_assign(OlapByteTable *table, const OlapVector *v,
								   uint32 n, uint32 *numbers);

/* Equality and a hash that fits it. */
extern bool olap_bytes_equal(OlapOrder order, const uint8 *a, size_t alen,
							 const uint8 *b, size_t blen);
extern uint64 olap_bytes_hash(OlapOrder order, const uint8 *data, size_t len);

/* Scratch for the content of a numeric made of a scaled integer. */
typedef union OlapNumericScratch
{
	char		bytes[OLAP_DECIMAL_MAX_SIZE];
	uint32		align;
} OlapNumericScratch;

/* The bytes of row i (not NULL) of a VAR, FIXED or DEC64 vector. */
extern const uint8 *olap_vector_bytes(const OlapVector *v, uint32 row,
									  OlapNumericScratch *scratch,
									  size_t *len);

#endif							/* OLAP_GROUP_TABLE_H */
