/*-------------------------------------------------------------------------
 *
 * books.c
 *		The producer's books.
 *
 * tools/books.c
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "books.h"
#include "toolutil.h"

static const char *const state_name[] = {"committed", "aborted", "failed"};

void
books_open(Books *books, const char *ledger_path)
{
	memset(books, 0, sizeof(*books));
	books->min_ts_ms = INT64_MAX;
	books->max_ts_ms = INT64_MIN;
	if (ledger_path == NULL)
		return;
	books->ledger = fopen(ledger_path, "w");
	if (books->ledger == NULL)
		tool_die("could not open \"%s\": %s", ledger_path, strerror(errno));
	setvbuf(books->ledger, NULL, _IOFBF, 1 << 20);
}

/* By hand: printf would be a third of the producer's time. */
static char *
put_field(char *p, int64_t value, char after)
{
	char		digits[20];
	int			n = 20;
	uint64_t	rest = value < 0 ? -(uint64_t) value : (uint64_t) value;

	if (value < 0)
		*p++ = '-';
	do
	{
		digits[--n] = (char) ('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	memcpy(p, digits + n, 20 - n);
	p += 20 - n;
	*p++ = after;
	return p;
}

static void
write_ledger_line(FILE *ledger, const BookEntry *entry, BookState state)
{
	char		line[192];
	char	   *p = line;

	p = put_field(p, entry->partition, '\t');
	p = put_field(p, entry->offset, '\t');
	p = put_field(p, entry->facts.id, '\t');
	p = stpcpy(p, ad_defect_name[entry->facts.defect]);
	*p++ = '\t';
	p = stpcpy(p, state_name[state]);
	*p++ = '\t';
	p = put_field(p, entry->produced_us, '\n');
	if (fwrite(line, 1, p - line, ledger) != (size_t) (p - line))
		tool_die("could not write the ledger: %s", strerror(errno));
}

void
books_enter(Books *books, const BookEntry *entry, BookState state)
{
	const AdFacts *facts = &entry->facts;

	if (books->ledger != NULL)
		write_ledger_line(books->ledger, entry, state);
	if (state == BOOK_ABORTED)
		books->aborted++;
	if (state == BOOK_FAILED)
		books->failed++;
	if (state != BOOK_COMMITTED)
		return;

	books->bytes += entry->bytes;
	if (facts->defect != AD_NONE)
	{
		books->defects[facts->defect]++;
		return;
	}
	books->good++;
	books->events[facts->event]++;
	books->cost_micros += facts->cost_micros;
	books->revenue_cents += facts->revenue_cents;
	if (facts->ts_ms < books->min_ts_ms)
		books->min_ts_ms = facts->ts_ms;
	if (facts->ts_ms > books->max_ts_ms)
		books->max_ts_ms = facts->ts_ms;
}

int64_t
books_malformed(const Books *books)
{
	int64_t		sum = 0;

	for (int i = AD_NONE + 1; i < AD_NDEFECTS; i++)
		sum += books->defects[i];
	return sum;
}

void
books_close(Books *books, FILE *summary, double seconds)
{
	int64_t		rows = books->good + books_malformed(books);

	fprintf(summary, "{\"rows\": %" PRId64 ", \"good\": %" PRId64
			", \"malformed\": %" PRId64, rows, books->good,
			books_malformed(books));
	fprintf(summary, ", \"aborted\": %" PRId64 ", \"failed\": %" PRId64,
			books->aborted, books->failed);
	fprintf(summary, ", \"cost_micros\": %" PRId64 ", \"revenue_cents\": %" PRId64,
			books->cost_micros, books->revenue_cents);
	fputs(", \"events\": {", summary);
	for (int i = 0; i < AD_NEVENTS; i++)
		fprintf(summary, "%s\"%s\": %" PRId64, i > 0 ? ", " : "",
				ad_event_name[i], books->events[i]);
	fputs("}, \"defects\": {", summary);
	for (int i = AD_NONE + 1; i < AD_NDEFECTS; i++)
		fprintf(summary, "%s\"%s\": %" PRId64, i > AD_NONE + 1 ? ", " : "",
				ad_defect_name[i], books->defects[i]);
	fputs("}", summary);
	if (books->good > 0)
		fprintf(summary, ", \"min_ts_ms\": %" PRId64 ", \"max_ts_ms\": %" PRId64,
				books->min_ts_ms, books->max_ts_ms);
	fprintf(summary, ", \"bytes\": %" PRId64 ", \"seconds\": %.3f"
			", \"rows_per_second\": %.0f}\n", books->bytes, seconds,
			seconds > 0 ? (double) rows / seconds : 0.0);
	if (books->ledger != NULL && fclose(books->ledger) != 0)
		tool_die("could not write the ledger: %s", strerror(errno));
	books->ledger = NULL;
}
