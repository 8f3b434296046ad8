/*-------------------------------------------------------------------------
 *
 * books.h
 *		The producer's books: what the broker acknowledged, as totals and,
 *		where asked, as one ledger line a message.
 *
 * The totals are what SQL must give back when nothing was lost or doubled; the
 * ledger is the oracle of the fault tests: tab-separated
 *
 *		partition  offset  id  kind  state  produced_us
 *
 * with kind "none" for a good row or the name of its defect, state committed,
 * aborted (offset -1 when it never reached the log) or failed, and the wall
 * clock at produce time in microseconds.
 *
 * tools/books.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_TOOLS_BOOKS_H
#define OLAP_TOOLS_BOOKS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "adgen.h"

typedef enum BookState
{
	BOOK_COMMITTED,
	BOOK_ABORTED,
	BOOK_FAILED
} BookState;

/* One message from produce to acknowledgement. */
typedef struct BookEntry
{
	AdFacts		facts;
	int64_t		produced_us;
	int64_t		offset;
	int32_t		partition;
	uint32_t	bytes;
} BookEntry;

typedef struct Books
{
	FILE	   *ledger;			/* or NULL */
	int64_t		good;
	int64_t		defects[AD_NDEFECTS];
	int64_t		events[AD_NEVENTS];
	int64_t		cost_micros;
	int64_t		revenue_cents;
	int64_t		bytes;
	int64_t		min_ts_ms;
	int64_t		max_ts_ms;
	int64_t		aborted;
	int64_t		failed;
} Books;

/* ledger_path may be NULL. */
extern void books_open(Books *books, const char *ledger_path);
extern void books_enter(Books *books, const BookEntry *entry, BookState state);
extern int64_t books_malformed(const Books *books);

/* Write the totals as one JSON object, and close the ledger. */
extern void books_close(Books *books, FILE *summary, double seconds);

#endif							/* OLAP_TOOLS_BOOKS_H */
