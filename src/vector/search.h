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

/* bytes must live as long as the needle. */
extern void olap_needle_init(OlapNeedle *needle, const uint8 *bytes, size_t len);

/* The first occurrence in hay, or NULL.  No byte outside of hay is read. */
extern const uint8 *olap_needle_find(const OlapNeedle *needle, const uint8 *hay,
									 size_t len);

#endif							/* OLAP_SEARCH_H */
