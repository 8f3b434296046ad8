/*-------------------------------------------------------------------------
 *
 * value_lists.h
 *		All values of many groups, to be picked from by their rank.
 *
 * Percentiles need every value of a group, but not in order: values are kept as
 * words that compare as they do, in the order of the rows, and divided by group
 * when the last one has come.  The word at a rank is then selected, in linear
 * time; only who asks for all of them has a group sorted.
 *
 * Values are those that OLAP_ORDER_INT, _UINT and _FLOAT compare.  A NaN has one
 * word, above all others.  -0 has a word of its own, below 0; of values that
 * compare equal any may be picked.
 *
 * src/vector/value_lists.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_VALUE_LISTS_H
#define OLAP_VALUE_LISTS_H

#include "vector/expr.h"
#include "vector/vector.h"

typedef struct OlapValueLists OlapValueLists;

/* Do values of type, compared by order, have words? */
extern bool olap_value_has_word(OlapPhys phys, OlapOrder order);

/* All memory in a context below parent. */
extern OlapValueLists *olap_value_lists_create(OlapPhys phys, OlapOrder order,
											   MemoryContext parent);

/*
 * Add the values of arg's n rows that are not NULL.  gids: the group of each row;
 * NULL: all are of group 0.
 */
extern void olap_value_lists_add(OlapValueLists *lists, const uint32 *gids,
								 const OlapVector *arg, uint32 n);

/* Values so far, and memory: what _finish() needs is part of it. */
extern uint64 olap_value_lists_count(const OlapValueLists *lists);
extern size_t olap_value_lists_memory(const OlapValueLists *lists);

/* Hand every value out in the order of the rows, before _finish(), and forget it. */
extern void olap_value_lists_drain(OlapValueLists *lists,
								   void (*take) (uint32 gid, int64 word,
												 void *arg), void *arg);

/* No more values: divide them by group. */
extern void olap_value_lists_finish(OlapValueLists *lists, uint32 ngroups);

/*
 * The words of a group, after _finish().  They stay there, but their order changes
 * with each of the functions below.
 */
extern int64 *olap_value_lists_group(OlapValueLists *lists, uint32 gid,
									 uint64 *n);

/* Bring the words that belong at ranks (ascending, each once) there. */
extern void olap_words_select(int64 *words, uint64 n, const uint64 *ranks,
							  uint32 nranks);
extern void olap_words_sort(int64 *words, uint64 n);

/* Do the values of two words compare equal? */
extern bool olap_value_words_equal(OlapOrder order, int64 a, int64 b);

/* The value of a word, as a Datum of phys. */
extern Datum olap_value_of_word(OlapPhys phys, OlapOrder order, int64 word);

extern void olap_value_lists_reset(OlapValueLists *lists);

#endif							/* OLAP_VALUE_LISTS_H */
