/*
 * test/unit/test_agg_strings.c
 *		MIN and MAX of text, in the order of bytes and in another one, of vectors with
 *		dictionaries that live for many vectors, grow and are replaced.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/memutils.h"

#include "unit.h"
#include "vector/agg.h"

#define GROUPS 40
#define COLLATION ((Oid) 4711)

static const OlapColumnType type = {.typid = TEXTOID, .typmod = -1, .typlen = -1,
.typalign = 'i', .phys = OLAP_PHYS_VAR, .width = 4};
static uint64 compared;

/* The order of the bytes from the last one on. */
static int
compare_backward(Oid collation, const uint8 *a, size_t alen, const uint8 *b, size_t blen)
{
	compared++;
	CHECK_INT(collation, COLLATION);
	for (size_t i = 1; i <= Min(alen, blen); i++)
		if (a[alen - i] != b[blen - i])
			return a[alen - i] < b[blen - i] ? -1 : 1;
	return alen < blen ? -1 : alen > blen;
}

typedef struct Naive
{
	const char *data;			/* NULL: none */
	size_t		len;
} Naive;

typedef struct Variant
{
	OlapAggKind kind;
	OlapOrder	order;
	bool		collated;
	bool		nulls;
	uint32		entries;		/* of a dictionary; 0: none */
} Variant;

static size_t
seen_length(const Variant *variant, const char *data, size_t len)
{
	while (variant->order == OLAP_ORDER_BPCHAR && len > 0 && data[len - 1] == ' ')
		len--;
	return len;
}

static int
naive_compare(const Variant *variant, Naive a, Naive b)
{
	int			order;

	a.len = seen_length(variant, a.data, a.len);
	b.len = seen_length(variant, b.data, b.len);
	if (variant->collated)
		return compare_backward(COLLATION, (const uint8 *) a.data, a.len,
								(const uint8 *) b.data, b.len);
	order = memcmp(a.data, b.data, Min(a.len, b.len));
	return order != 0 ? order : (int) a.len - (int) b.len;
}

/* Short and long ones, that differ early or late or only by blanks. */
static Naive
random_string(void)
{
	static const char *const starts[] = {"", "https://", "https://ab", "\xc3\xa4", "\x01", "\xff", "z"};
	char	   *data = palloc(64);
	const char *start = starts[unit_random() % lengthof(starts)];
	size_t		len = strlen(start);

	memcpy(data, start, len);
	for (uint32 i = unit_random() % 12; i > 0; i--)
		data[len++] = (char) (unit_random() % 3 == 0 ? '\x01' : 'a' + unit_random() % 3);
	for (uint32 i = unit_random() % 3; i > 0; i--)
		data[len++] = ' ';
	return (Naive) {data, len};
}

typedef struct Rows
{
	OlapVector	v;
	OlapVector	dict;
	Naive		strings[OLAP_VECTOR_ROWS];	/* of the rows; no data: NULL */
	Naive		entries[4000];
	uint32		codes[OLAP_VECTOR_ROWS];
} Rows;

static void
add_entries(Rows *rows, uint32 n)
{
	for (uint32 i = 0; i < n; i++)
	{
		Naive		string = random_string();

		/* different ones */
		while (i > 0 && string.len < 40 && unit_random() % 4 != 0)
			((char *) string.data)[string.len++] = (char) ('a' + unit_random() % 26);
		rows->entries[rows->dict.n] = string;
		olap_vector_append_var(&rows->dict, string.data, string.len);
	}
}

static void
fill_rows(Rows *rows, const Variant *variant, uint32 n)
{
	olap_vector_reset(&rows->v, &type);
	for (uint32 i = 0; i < n; i++)
	{
		rows->codes[i] = rows->dict.n > 0 ? unit_random() % rows->dict.n : 0;
		rows->strings[i] = rows->dict.n > 0 ? rows->entries[rows->codes[i]] : random_string();
		if (variant->nulls && unit_random() % 7 == 0)
		{
			rows->strings[i].data = NULL;
			olap_vector_append_null(&rows->v);
		}
		else
			olap_vector_append_var(&rows->v, rows->strings[i].data, rows->strings[i].len);
	}
	rows->v.codes = variant->entries > 0 ? rows->codes : NULL;
	rows->v.dict = variant->entries > 0 ? &rows->dict : NULL;
}

static void
update_naive(Naive *state, const Variant *variant, Naive string)
{
	int			order;

	if (string.data == NULL)
		return;
	order = state->data == NULL ? 0 : naive_compare(variant, string, *state);
	if (state->data == NULL || (variant->kind == OLAP_AGG_MIN ? order < 0 : order > 0))
		*state = string;
}

static uint32
wrong_states(const OlapAgg *agg, const Naive *naive)
{
	uint32		wrong = 0;

	for (uint32 g = 0; g < GROUPS; g++)
	{
		OlapAggValue value;

		olap_agg_get(agg, g, &value);
		wrong += (value.count > 0) != (naive[g].data != NULL) ||
			(value.count > 0 && (value.len != naive[g].len ||
								 memcmp(value.data, naive[g].data, value.len) != 0));
	}
	return wrong;
}

static OlapAgg *
make_agg(const Variant *variant)
{
	OlapAgg    *agg = olap_agg_create(variant->kind, &type, variant->order,
									  CurrentMemoryContext);

	if (variant->collated)
		olap_agg_collate(agg, compare_backward, COLLATION);
	olap_agg_grow(agg, GROUPS);
	return agg;
}

/* Vectors of one group and of many in turn; dictionaries at one address. */
static void
check_strings(const Variant *variant)
{
	OlapAgg    *agg = make_agg(variant);
	Rows	   *rows = palloc0(sizeof(Rows));
	Naive		naive[GROUPS] = {{0}};

	olap_vector_init(&rows->v, &type, OLAP_VECTOR_ROWS, CurrentMemoryContext);
	olap_vector_init(&rows->dict, &type, 16, CurrentMemoryContext);
	for (int batch = 0; batch < 60; batch++)
	{
		uint32		gids[OLAP_VECTOR_ROWS];
		uint32		n = 1 + unit_random() % (batch % 3 ? 300 : OLAP_VECTOR_ROWS);
		bool		one = unit_random() % 3 == 0;
		uint32		limit = 1 + unit_random() % GROUPS;

		if (batch % 20 == 0)
		{
			olap_vector_reset(&rows->dict, &type);
			add_entries(rows, variant->entries);
			olap_agg_new_dictionaries(agg);
		}
		else if (batch % 20 == 12)
			add_entries(rows, variant->entries / 2);
		if (batch == 40)
		{
			olap_agg_reset(agg);
			olap_agg_grow(agg, GROUPS);
			memset(naive, 0, sizeof(naive));
		}
		fill_rows(rows, variant, n);
		for (uint32 i = 0; i < n; i++)
			gids[i] = one ? limit - 1 : unit_random() % limit;
		if (one)
			olap_agg_update_one(agg, limit - 1, &rows->v, n);
		else
			olap_agg_update(agg, gids, &rows->v, n);
		for (uint32 i = 0; i < n; i++)
			update_naive(&naive[gids[i]], variant, rows->strings[i]);
		CHECK_INT(wrong_states(agg, naive), 0);
	}
	olap_agg_free(agg);
}

static void
strings(void)
{
	static const uint32 entries[] = {0, 1, 9, 60, 2000};

	for (int i = 0; i < 16 * lengthof(entries); i++)
	{
		Variant		variant = {.kind = i & 1 ? OLAP_AGG_MIN : OLAP_AGG_MAX,
			.order = i & 2 ? OLAP_ORDER_BYTES : OLAP_ORDER_BPCHAR,
		.collated = i & 4, .nulls = i & 8, .entries = entries[i / 16]};

		check_strings(&variant);
	}
}

/* Parts of the rows in states of their own, added up, are all of them. */
static void
check_merge(const Variant *variant)
{
	OlapAgg    *whole = make_agg(variant);
	OlapAgg    *sum = make_agg(variant);
	Rows	   *rows = palloc0(sizeof(Rows));
	Naive		naive[GROUPS] = {{0}};

	olap_vector_init(&rows->v, &type, OLAP_VECTOR_ROWS, CurrentMemoryContext);
	olap_vector_init(&rows->dict, &type, 16, CurrentMemoryContext);
	add_entries(rows, variant->entries);
	for (int part = 0; part < 8; part++)
	{
		OlapAgg    *agg = make_agg(variant);
		uint32		gids[OLAP_VECTOR_ROWS];
		uint32		all[GROUPS];

		fill_rows(rows, variant, 500);
		for (uint32 i = 0; i < 500; i++)
		{
			gids[i] = unit_random() % GROUPS;
			update_naive(&naive[gids[i]], variant, rows->strings[i]);
		}
		for (uint32 g = 0; g < GROUPS; g++)
			all[g] = g;
		olap_agg_update(agg, gids, &rows->v, 500);
		olap_agg_update(whole, gids, &rows->v, 500);
		CHECK(olap_agg_merge(sum, all, agg, 0, GROUPS));
		olap_agg_free(agg);
	}
	CHECK_INT(wrong_states(whole, naive), 0);
	CHECK_INT(wrong_states(sum, naive), 0);
}

static void
merges(void)
{
	for (int i = 0; i < 16; i++)
	{
		Variant		variant = {.kind = i & 1 ? OLAP_AGG_MIN : OLAP_AGG_MAX,
			.order = i & 2 ? OLAP_ORDER_BYTES : OLAP_ORDER_BPCHAR,
		.collated = i & 4, .nulls = true, .entries = i & 8 ? 30 : 0};

		check_merge(&variant);
	}
}

/* A dictionary is compared about once, however many rows there are. */
static void
comparisons(void)
{
	Variant		variant = {.kind = OLAP_AGG_MIN, .order = OLAP_ORDER_BYTES, .collated = true, .entries = 50};
	OlapAgg    *one = make_agg(&variant);
	OlapAgg    *many = make_agg(&variant);
	Rows	   *rows = palloc0(sizeof(Rows));

	olap_vector_init(&rows->v, &type, OLAP_VECTOR_ROWS, CurrentMemoryContext);
	olap_vector_init(&rows->dict, &type, 16, CurrentMemoryContext);
	add_entries(rows, variant.entries);
	compared = 0;
	for (int batch = 0; batch < 30; batch++)
	{
		fill_rows(rows, &variant, OLAP_VECTOR_ROWS);
		olap_agg_update_one(one, 0, &rows->v, OLAP_VECTOR_ROWS);
	}
	CHECK(compared <= 50);
	compared = 0;
	for (int batch = 0; batch < 30; batch++)
	{
		uint32		gids[OLAP_VECTOR_ROWS];

		fill_rows(rows, &variant, OLAP_VECTOR_ROWS);
		for (uint32 i = 0; i < OLAP_VECTOR_ROWS; i++)
			gids[i] = unit_random() % GROUPS;
		olap_agg_update(many, gids, &rows->v, OLAP_VECTOR_ROWS);
	}
	/* one vector as it comes, then the ranks */
	CHECK(compared <= OLAP_VECTOR_ROWS + 3 * (50 + GROUPS) * 7);
	olap_agg_free(one);
	olap_agg_free(many);
}

/* Each row beats the ones before: the memory of those is used again. */
static void
memory(void)
{
	Variant		variant = {.kind = OLAP_AGG_MIN, .order = OLAP_ORDER_BYTES};
	OlapAgg    *agg = make_agg(&variant);
	size_t		before = olap_agg_memory(agg);
	OlapVector	v;
	char		text[128];

	olap_vector_init(&v, &type, OLAP_VECTOR_ROWS, CurrentMemoryContext);
	for (int batch = 0; batch < 100; batch++)
	{
		olap_vector_reset(&v, &type);
		for (int i = 0; i < 1000; i++)
		{
			memset(text, 'x', sizeof(text));
			snprintf(text, sizeof(text), "%08d", 99999999 - batch * 1000 - i);
			olap_vector_append_var(&v, text, 10 + unit_random() % 100);
		}
		olap_agg_update_one(agg, 7, &v, 1000);
	}
	CHECK(olap_agg_memory(agg) < before + 40 * 1024);
	olap_agg_free(agg);
}

int
main(void)
{
	RUN(strings);
	RUN(merges);
	RUN(comparisons);
	RUN(memory);
	return DONE();
}
