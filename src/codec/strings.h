/*-------------------------------------------------------------------------
 *
 * strings.h
 *		What writing and reading string blocks share; see strings.c.
 *
 * src/codec/strings.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_STRINGS_H
#define OLAP_STRINGS_H

#include "codec/codec_internal.h"

#define MODE_PLAIN 0
#define MODE_FRONT 1
#define MODE_FRONT_SHORT 2
#define MODE_FRONT_GROUPS 3		/* read, no longer written */
#define MODE_GROUPS 4
/* No value of a block in mode 2, 3 or 4 is longer. */
#define SHORT_MAX 255

/* Values of a group in mode 3. */
#define GROUP_ROWS 512
/* Log2 of those in mode 4. */
#define MIN_GROUP_SHIFT 7
#define MAX_GROUP_SHIFT 9
#define MAX_GROUPS (OLAP_VECTOR_ROWS >> MIN_GROUP_SHIFT)

/* Compressed bytes of some values. */
typedef struct StringGroup
{
	const uint8 *src;
	size_t		len;
	size_t		raw_len;
} StringGroup;

/* What stands before a block's bytes, checked. */
typedef struct StringBlock
{
	bool		front;
	size_t		need;			/* bytes of the values in a heap */
	uint32		group_rows;		/* of each group but the last */
	uint32		ngroups;
	size_t		raw_len;		/* of all groups */
	StringGroup groups[MAX_GROUPS];
	uint32		lengths[OLAP_VECTOR_ROWS];
	uint32		prefixes[OLAP_VECTOR_ROWS]; /* if front */
} StringBlock;

/*
 * Prefixes expand without any bytes of their own; this bounds by how much, for
 * len bytes stored.
 */
static inline size_t
max_front_heap(size_t len, uint32 n)
{
	return len * OLAP_LZ_MAX_RATIO + (size_t) n * 256;
}

/* strings_groups.c -------------------------------------------------------- */

/*
 * Log2 of the values of a group, if n values of these lengths, with rest bytes
 * behind their prefixes, are worth groups; else 0.
 */
extern int	olap_string_groups_fit(const int64 *lengths, uint32 n, size_t rest);
/* Append what follows the mode; the first prefix of each group is 0. */
extern void olap_string_groups_append(const uint8 *bytes, const int64 *lengths,
									  const int64 *prefixes, uint32 n,
									  int shift, OlapBytes *out);

/* What follows the mode: lengths, prefixes, groups. */
extern bool olap_string_groups_open(StringBlock *block, const uint8 *src,
									size_t len, uint32 n, const char **reason);
/* Append value `row` alone; its bytes are asked for of source. */
extern bool olap_string_groups_row(const OlapChunkSource *source, const uint8 *src,
								   size_t len, uint32 n, uint32 row,
								   OlapVector *out, const char **reason);

/* strings_spread.c -------------------------------------------------------- */

/* Bytes that are copied at a time: most values take one step. */
#define OLAP_SPREAD_STEP 64

/*
 * Spread the bytes at src, one after the other, to n varlenas in heap from start on;
 * offsets: where each begins. src may overlap the end of their room: every value
 * moves down, by its own header at least. OLAP_SPREAD_STEP bytes are read behind
 * src's end.
 */
extern void olap_strings_spread(char *heap, size_t start, const uint8 *src,
								const uint32 *lengths, uint32 n, size_t align,
								uint32 *offsets);
/*
 * The same for values that continue a prefix of the one before, from a place of its
 * own. OLAP_SPREAD_STEP bytes are read before src and behind its end, and written
 * behind all values.
 */
extern void olap_strings_unfold(char *heap, size_t start, const uint8 *src,
								const uint32 *lengths, const uint32 *prefixes,
								uint32 n, size_t align, uint32 *offsets);

/* strings_decode.c -------------------------------------------------------- */

/*
 * Make n rests lengths, by adding the prefixes; returns the longest, which is more
 * than SHORT_MAX if a value continues more than there is of the one before.  *bytes:
 * of all rests.
 */
extern uint32 olap_string_lengths_add(uint32 *lengths, const uint32 *prefixes,
									  uint32 n, uint32 *bytes);

/* Append value `row` of a group with these lengths, checked. */
extern bool olap_string_group_row(const StringGroup *group, const uint32 *lengths,
								  const uint32 *prefixes, uint32 row,
								  OlapVector *out, const char **reason);

#endif							/* OLAP_STRINGS_H */
