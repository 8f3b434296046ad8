/*-------------------------------------------------------------------------
 *
 * topn.c
 *		Rows that wait for their turn in an order, in bounded memory.
 *
 * An array of twice the size, of which half is dropped when it is full, beats a
 * heap: most rows fail one comparison with the worst that was kept.
 *
 * src/index/topn.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "index/topn.h"

/* Spare room for a small keep: choosing for every few rows costs more. */
#define MIN_SPARE 256

static uint32
room_for(uint32 keep)
{
	return keep + Max(keep, MIN_SPARE);
}

static void
begin(OlapTopN *top, uint32 keep)
{
	uint32		room = room_for(keep);

	if (top->entries == NULL || room > top->capacity)
	{
		if (top->entries != NULL)
			pfree(top->entries);
		top->entries = MemoryContextAllocHuge(top->cxt,
											  room * sizeof(OlapSortPos));
		top->capacity = room;
	}
	top->keep = keep;
	top->n = 0;
	top->full = false;
}

void
olap_topn_init(OlapTopN *top, uint32 keep, MemoryContext cxt)
{
	memset(top, 0, sizeof(*top));
	top->cxt = cxt;
	begin(top, keep);
}

void
olap_topn_resume(OlapTopN *top, uint32 keep, const OlapSortPos *after)
{
	begin(top, keep);
	top->after = *after;
	top->resumed = true;
}

/* The middle one of three entries chosen by chance. */
static OlapSortPos
choose_pivot(const OlapSortPos *a, uint32 n, uint64 *state)
{
	OlapSortPos p[3];

	for (int i = 0; i < 3; i++)
	{
		*state = *state * UINT64CONST(6364136223846793005) +
			UINT64CONST(1442695040888963407);
		p[i] = a[(*state >> 32) % n];
	}
	if (olap_sort_before(&p[1], &p[0]))
	{
		OlapSortPos t = p[0];

		p[0] = p[1];
		p[1] = t;
	}
	return olap_sort_before(&p[2], &p[0]) ? p[0] :
		olap_sort_before(&p[1], &p[2]) ? p[1] : p[2];
}

/*
 * Reorder a[n] so that entry k is where sorting would put it, with none after it
 * before it: Hoare's selection.  Positions are distinct.
 */
static void
select_position(OlapSortPos *a, uint32 n, uint32 k)
{
	uint64		state = n;

	while (n > 1)
	{
		OlapSortPos pivot = choose_pivot(a, n, &state);
		int64		i = -1,
					j = n;

		for (;;)
		{
			OlapSortPos t;

			do
				i++;
			while (olap_sort_before(&a[i], &pivot));
			do
				j--;
			while (olap_sort_before(&pivot, &a[j]));
			if (i >= j)
				break;
			t = a[i];
			a[i] = a[j];
			a[j] = t;
		}
		/* a[0 .. j] are not after a[j + 1 .. n) */
		if (k <= j)
			n = j + 1;
		else
		{
			a += j + 1;
			n -= j + 1;
			k -= j + 1;
		}
	}
}

void
olap_topn_trim(OlapTopN *top)
{
	if (top->n <= top->keep)
		return;
	select_position(top->entries, top->n, top->keep - 1);
	top->n = top->keep;
	top->worst = top->entries[top->n - 1];
	top->full = true;
}

void
olap_topn_add(OlapTopN *top, const OlapSortSpec *spec, const OlapVector *v,
			  const uint64 *keys, const uint16 *sel, uint32 nsel, uint64 ref)
{
	uint64		second = olap_sort_second(spec, false);
	uint64		null_second = olap_sort_second(spec, true);
	uint64		most = top->full ? top->worst.key : PG_UINT64_MAX;

	for (uint32 i = 0; i < nsel; i++)
	{
		uint32		row = sel != NULL ? sel[i] : i;
		OlapSortPos pos = {keys[row], ref + row};

		if (pos.key > most)
			continue;
		pos.ref |= olap_vector_is_null(v, row) ? null_second : second;
		if (top->full && !olap_sort_before(&pos, &top->worst))
			continue;
		if (top->resumed && !olap_sort_before(&top->after, &pos))
			continue;
		if (top->n == top->capacity)
		{
			olap_topn_trim(top);
			most = top->worst.key;
			if (!olap_sort_before(&pos, &top->worst))
				continue;
		}
		top->entries[top->n++] = pos;
	}
}

uint32
olap_topn_take(OlapTopN *top, const OlapSortPos *before, OlapSortPos *out)
{
	uint32		taken = 0;
	uint32		left = 0;

	for (uint32 i = 0; i < top->n; i++)
	{
		if (before == NULL || olap_sort_before(&top->entries[i], before))
			out[taken++] = top->entries[i];
		else
			top->entries[left++] = top->entries[i];
	}
	top->n = left;
	olap_sort_positions(out, taken);
	return taken;
}
