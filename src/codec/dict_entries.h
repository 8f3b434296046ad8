/*-------------------------------------------------------------------------
 *
 * dict_entries.h
 *		A dictionary's entries as they are stored: what both ways of decoding share.
 *
 * src/codec/dict_entries.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_DICT_ENTRIES_H
#define OLAP_DICT_ENTRIES_H

#include "codec/dict_build.h"

/* In the count of entries: counts of classes stand behind the classes. */
#define OLAP_DICT_COUNTS 0x80000000

/* Of the codes, what is read before any of them, about. */
#define OLAP_DICT_CODES_HEAD 256

typedef struct OlapDictEntries
{
	OlapChunk  *chunk;			/* in the order of their values */
	const uint8 *classes;
	size_t		classes_len;	/* 0: that is the order of the codes as well */
	const uint8 *counts;		/* of classes in each vector; NULL: not stored */
	OlapChunk  *class_chunk;	/* NULL: not open yet */
	OlapVector	class_of;		/* classes of the first entries, as many as ... */
	uint32		class_vectors;	/* ... these vectors of class_chunk have */
	uint32	   *order;			/* entry of each code; NULL: not known yet */

	/* of those who want some rows, dict_rows.c */
	OlapVector	some_classes;	/* of the entries of one vector, ... */
	uint32		some_number;	/* ... plus 1 */
	uint32		some_state;		/* of decoding more of them */
	OlapVector	block;			/* vector of chunk that was decoded last, ... */
	uint32		block_number;	/* ... plus 1 */
	uint32		row_block;		/* of which rows were decoded alone, plus 1, ... */
	uint32		block_rows;		/* ... and how many */
	uint32		nblocks;		/* decoded for rows so far */
} OlapDictEntries;

/* See to it that the classes of the first n entries, at least, are in class_of. */
extern bool olap_dict_need_classes(OlapChunk *chunk, uint32 n, const char **reason);

/* olap_chunk_decodes_rows() and olap_chunk_decode_rows() of a dictionary. */
extern bool olap_dict_decodes_rows(const OlapChunk *chunk, uint32 n);
extern bool olap_dict_decode_rows(OlapChunk *chunk, uint32 vecno, const uint16 *rows,
								  uint32 n, OlapVector *out, const char **reason);

/*
 * Put the values of width bytes that codes[n], each below dict->n, stand for into
 * dst, which is as long.
 */
extern void olap_dict_gather(const OlapVector *dict, const uint32 *codes, uint32 n,
							 size_t width, void *dst);

#endif							/* OLAP_DICT_ENTRIES_H */
