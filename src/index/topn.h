/*-------------------------------------------------------------------------
 *
 * topn.h
 *		Rows that wait for their turn in an order, in bounded memory.
 *
 * Holds the first `keep` positions of those it was shown.  Once it had to drop
 * some it is `full`: then it knows everything up to `worst` and nothing beyond,
 * and who wants what follows shows it the rows again, from there on.  So an
 * order of any number of rows needs no file on disk; how much is shown again
 * depends on how far the places that rows come from overlap.
 *
 * src/index/topn.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_TOPN_H
#define OLAP_TOPN_H

#include "index/sortkey.h"

typedef struct OlapTopN
{
	MemoryContext cxt;
	OlapSortPos *entries;		/* [capacity], n of them, in no order */
	uint32		n;
	uint32		capacity;
	uint32		keep;
	bool		full;			/* something behind worst was dropped */
	OlapSortPos worst;
	bool		resumed;		/* what is not behind `after` was taken before */
	OlapSortPos after;
} OlapTopN;

extern void olap_topn_init(OlapTopN *top, uint32 keep, MemoryContext cxt);

/* Start again behind `after`, keeping so many. */
extern void olap_topn_resume(OlapTopN *top, uint32 keep,
							 const OlapSortPos *after);

/*
 * Show rows of a vector: keys are olap_sort_keys(spec, v), sel[nsel] (NULL: the
 * first nsel) the rows in play; row i's reference is ref + i.
 */
extern void olap_topn_add(OlapTopN *top, const OlapSortSpec *spec,
						  const OlapVector *v, const uint64 *keys,
						  const uint16 *sel, uint32 nsel, uint64 ref);

/* Drop what is more than keep.  Takes time for all that wait. */
extern void olap_topn_trim(OlapTopN *top);

/*
 * Move those before `before` (NULL: all) to out, sorted; room for top->n.
 * Returns how many.
 */
extern uint32 olap_topn_take(OlapTopN *top, const OlapSortPos *before,
							 OlapSortPos *out);

#endif							/* OLAP_TOPN_H */
