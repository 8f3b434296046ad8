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
#define MODE_FRONT_GROUPS 3
/* No value of a block in mode 2 or 3 is longer. */
#define SHORT_MAX 255

/* Values of a group in mode 3. */
#define GROUP_ROWS 512
#define MAX_GROUPS (OLAP_VECTOR_ROWS / GROUP_ROWS)

/*
 * Prefixes expand without any bytes of their own; this bounds by how much, for
 * len bytes stored.
 */
static inline size_t
max_front_heap(size_t len, uint32 n)
{
	return len * OLAP_LZ_MAX_RATIO + (size_t) n * 256;
}

#endif							/* OLAP_STRINGS_H */
