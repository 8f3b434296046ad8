/*-------------------------------------------------------------------------
 *
 * kernel.h
 *		How the inner loops are compiled.
 *
 * PGXS compiles with -O2, where gcc 12 leaves most loops scalar. A function
 * marked OLAP_KERNEL is compiled at O3 for three levels of the instruction set
 * and the best one is chosen when the library is loaded (measured on a
 * filter + sum over 65,536 rows in cache: 133 M rows/s without, 3,886-6,400 M
 * with). Mark only plain loops without calls; OLAP_NO_CLONES turns it off,
 * because load-time selection and the sanitizers' start-up do not mix.
 *
 * src/base/kernel.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_BASE_KERNEL_H
#define OLAP_BASE_KERNEL_H

#if defined(OLAP_NO_CLONES) || !defined(__x86_64__)
#define OLAP_KERNEL
#elif defined(__clang__)
/* clang vectorizes at -O2 and its clones need plain feature names */
#define OLAP_KERNEL __attribute__((target_clones("avx2", "default")))
#else
#define OLAP_KERNEL \
	__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"), \
				   optimize("O3")))
#endif

/*
 * memcpy() by the library. Where gcc knows that it is of a page at most, it makes a
 * "rep movsq" of it, which takes longer to start than to copy some hundreds of bytes.
 */
static inline void
olap_copy(void *dst, const void *src, size_t n)
{
	__asm__("" : "+r"(n));
	memcpy(dst, src, n);
}

#endif							/* OLAP_BASE_KERNEL_H */
