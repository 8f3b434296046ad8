/*-------------------------------------------------------------------------
 *
 * keep_memory.h
 *		Memory that a backend keeps for its next query.
 *
 * src/base/keep_memory.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_KEEP_MEMORY_H
#define OLAP_KEEP_MEMORY_H

/*
 * Let malloc keep up to olap.keep_memory of what the query frees.  To be called where
 * a query that takes much memory starts; cheap when the setting has not changed.
 */
extern void olap_keep_memory(void);

#endif							/* OLAP_KEEP_MEMORY_H */
