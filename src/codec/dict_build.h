/*-------------------------------------------------------------------------
 *
 * dict_build.h
 *		What a dictionary chunk is made of: distinct values, codes, classes.
 *
 * src/codec/dict_build.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_DICT_BUILD_H
#define OLAP_DICT_BUILD_H

#include "codec/bins.h"

/*
 * Fill entries, made here in CurrentMemoryContext, with v's distinct values in
 * the order that dict.c describes, and codes[0 .. v->n) with each row's entry.
 * false, with nothing left behind, once there are more than max of them or the
 * first rows show that there will be.
 */
extern bool olap_dict_build(const OlapVector *v, uint32 max,
							OlapVector *entries, uint32 *codes);

/* dict_classes.c: classes of entries by frequency, and the bins for them. */
typedef struct OlapClasses
{
	OlapBins	bins;			/* one a class, over codes */
	int16	   *class_of;		/* [entries] */
	uint32	   *code_of;		/* [entries] */
} OlapClasses;

/*
 * Choose classes for n codes of that many entries, arrays in
 * CurrentMemoryContext.  Rows that are not in valid may take any code.  Returns
 * the bits that the codes take.
 */
extern double olap_classes_choose(const uint32 *codes, const uint64 *valid,
								  uint32 n, uint32 entries,
								  OlapClasses *classes);

/*
 * From every entry's class (an I16 vector), how many there are of each class,
 * counts[OLAP_BINS_MAX], false if there is no such class, or if stored counts (NULL:
 * none) are others; then the entry that each code stands for.
 */
extern bool olap_classes_count(const OlapVector *class_of, const uint8 *stored,
							   uint32 *counts);
extern void olap_classes_order(const OlapVector *class_of, const uint32 *counts,
							   uint32 *order);
/*
 * Which of n entries is the one of a class with this number, from 0 on; false, and
 * as many less in *number, if they have not so many.
 */
extern bool olap_classes_find(const int16 *classes, uint32 n, int16 class,
							  uint32 *number, uint32 *entry);

/* Append how many of each class each vector of n entries has, 2 bytes each. */
extern void olap_classes_put_counts(const int16 *classes, uint32 n, OlapBytes *out);

#define OLAP_CLASSES_VECTOR_BYTES (OLAP_BINS_MAX * sizeof(uint16))

/* One of them. */
static inline uint32
olap_classes_stored(const uint8 *stored, uint32 vecno, int class)
{
	uint16		count;

	memcpy(&count, stored + vecno * OLAP_CLASSES_VECTOR_BYTES + class * sizeof(count),
		   sizeof(count));
	return count;
}

#endif							/* OLAP_DICT_BUILD_H */
