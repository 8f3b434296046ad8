/*-------------------------------------------------------------------------
 *
 * search.h
 *		Find a byte string in another one.
 *
 * Why: memmem() makes a table of the needle on every call, which costs more than
 * the search where values are texts of tens of bytes.  What depends on the needle
 * is made once here.
 *
 * src/vector/search.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_SEARCH_H
#define OLAP_SEARCH_H

typedef struct OlapNeedle
{
	const uint8 *bytes;
	size_t		len;			/* > 0 */
	uint32		probes[2];		/* places of bytes that are looked for first */
} OlapNeedle;

#define OLAP_LOAD(type) \
static inline type \
olap_load_##type(const uint8 *p) \
{ \
	type		value; \
\
	memcpy(&value, p, sizeof(value)); \
	return value; \
}

OLAP_LOAD(uint16)
OLAP_LOAD(uint32)
OLAP_LOAD(uint64)

/*
 * Are len bytes equal?  Few are compared by words that overlap: that is faster than
 * the call of a function.
 */
static inline bool
olap_same_bytes(const uint8 *a, const uint8 *b, size_t len)
{
	if (len >= 8)
		return olap_load_uint64(a) == olap_load_uint64(b) &&
			olap_load_uint64(a + len - 8) == olap_load_uint64(b + len - 8) &&
			(len <= 16 || memcmp(a + 8, b + 8, len - 16) == 0);
	if (len >= 4)
		return olap_load_uint32(a) == olap_load_uint32(b) &&
			olap_load_uint32(a + len - 4) == olap_load_uint32(b + len - 4);
	if (len >= 2)
		return olap_load_uint16(a) == olap_load_uint16(b) &&
			olap_load_uint16(a + len - 2) == olap_load_uint16(b + len - 2);
	return len == 0 || *a == *b;
}

/* bytes must live as long as the needle. */
extern void olap_needle_init(OlapNeedle *needle, const uint8 *bytes, size_t len);

/* The first occurrence in hay, or NULL.  No byte outside of hay is read. */
extern const uint8 *olap_needle_find(const OlapNeedle *needle, const uint8 *hay,
									 size_t len);

#endif							/* OLAP_SEARCH_H */
