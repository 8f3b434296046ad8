/*-------------------------------------------------------------------------
 *
 * varlena.h
 *		The varlena macros, wherever the server keeps them.
 *
 * Why: 16 moved them from postgres.h to varatt.h (d952373a987).  The pure
 * layers need these macros alone and not the rest of compat.h.
 *
 * src/base/varlena.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_BASE_VARLENA_H
#define OLAP_BASE_VARLENA_H

#if defined(__has_include)
#if __has_include("varatt.h")
#include "varatt.h"
#endif
#endif

#endif							/* OLAP_BASE_VARLENA_H */
