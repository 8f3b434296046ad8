/*-------------------------------------------------------------------------
 *
 * dict_build.h
 *		Find the distinct values of a vector and number them in order.
 *
 * src/codec/dict_build.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_DICT_BUILD_H
#define OLAP_DICT_BUILD_H

#include "vector/vector.h"

/*
 * Fill entries, made here in CurrentMemoryContext, with v's distinct values in
 * the order that dict.c describes, and codes[0 .. v->n) with each row's entry.
 * false, with nothing left behind, once there are more than max of them or the
 * first rows show that there will be.
 */
extern bool olap_dict_build(const OlapVector *v, uint32 max,
							OlapVector *entries, uint32 *codes);

#endif							/* OLAP_DICT_BUILD_H */
