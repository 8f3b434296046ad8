/*-------------------------------------------------------------------------
 *
 * vector.h
 *		Column vectors and batches: the one currency between all layers.
 *
 * Why: decoders fill a batch, the segment writer stores one, the reader hands
 * one out and kernels compute on one.  With a single type there is no
 * conversion between layers and every layer is tested with the same data.
 *
 * Values of a vector have one physical representation (OlapPhys).  It follows
 * from the column's SQL type, but may differ from batch to batch where a value
 * does not fit the compact form (a numeric that does not fit a scaled int64
 * turns its vector into OLAP_PHYS_VAR), so readers look at vector->phys and
 * never only at the column's type.
 *
 * src/vector/vector.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_VECTOR_H
#define OLAP_VECTOR_H

/* Rows that are decoded and computed on at a time; a multiple of 64. */
#define OLAP_VECTOR_ROWS 2048
/* Most rows of a row group: one Roaring container. */
#define OLAP_ROWGROUP_ROWS 65536
/* A row group is closed early when the bytes of one column pass this. */
#define OLAP_ROWGROUP_BYTES (64 * 1024 * 1024)

/* Physical representations. Stored in segments: never renumber. */
typedef enum OlapPhys
{
	OLAP_PHYS_BOOL = 1,			/* uint8, 0 or 1 */
	OLAP_PHYS_I8 = 2,			/* int8: "char" and other 1-byte by-value types */
	OLAP_PHYS_I16 = 3,			/* int16 */
	OLAP_PHYS_I32 = 4,			/* int32: int4, date, oid, enum, ... */
	OLAP_PHYS_I64 = 5,			/* int64: int8, timestamp(tz), time, money ... */
	OLAP_PHYS_F32 = 6,			/* float */
	OLAP_PHYS_F64 = 7,			/* double */
	OLAP_PHYS_DEC64 = 8,		/* int64: numeric(p <= 18, s), value * 10^scale */
	OLAP_PHYS_FIXED = 9,		/* width bytes a value, by reference: uuid, ... */
	OLAP_PHYS_VAR = 10			/* varlena by reference */
} OlapPhys;

/* What a layer must know of a column's SQL type. */
typedef struct OlapColumnType
{
	Oid			typid;
	int32		typmod;
	Oid			collation;
	int16		typlen;			/* as pg_type.typlen */
	bool		typbyval;
	char		typalign;
	bool		dropped;		/* a dropped attribute: reads as NULL */
	OlapPhys	phys;			/* preferred representation */
	uint8		scale;			/* of OLAP_PHYS_DEC64 */
	uint16		width;			/* bytes a value in vector->values */
} OlapColumnType;

/*
 * One column of a batch.
 *
 * Shapes:	values holds n * width bytes, MAXALIGNed.  OLAP_PHYS_VAR: width is
 *			4 and values are uint32 byte offsets into heap, where each value
 *			is a plain varlena with a 4-byte header, uncompressed, aligned to
 *			typalign ('d': 8, else 4); several rows may share one offset.
 *			valid is a bitmap of (n + 63) / 64 words, LSB first, bit set =
 *			not NULL; NULL pointer = no NULLs.  A NULL row's value is
 *			initialised (offset valid, if heap is not empty) but meaningless.
 * Owner:	all arrays live in cxt; vectors handed out by a reader are valid
 *			until the reader moves on.
 */
typedef struct OlapVector
{
	OlapPhys	phys;
	uint8		scale;			/* of OLAP_PHYS_DEC64 */
	char		typalign;
	uint16		width;
	uint32		n;
	uint32		capacity;		/* rows that values and valid have room for */
	uint64	   *valid;
	void	   *values;
	char	   *heap;			/* OLAP_PHYS_VAR only */
	size_t		heap_len;
	size_t		heap_cap;

	/*
	 * Dictionary view, only where a reader decoded a dictionary chunk: row
	 * i's value is entry codes[i] of dict (a vector without NULLs and with
	 * distinct values).  values/heap are filled all the same.
	 */
	const uint32 *codes;
	const struct OlapVector *dict;

	MemoryContext cxt;
} OlapVector;

/*
 * Rows of one place, column by column.
 *
 * sel lists the rows that are in play (visible, not yet filtered), ascending;
 * NULL means all nrows rows, and nsel is then nrows.  Columns are loaded on
 * first use by olap_batch_column(), so a column that no surviving row needs is
 * never decoded.
 */
typedef struct OlapBatch
{
	int			ncols;
	uint32		nrows;
	uint32		nsel;
	uint16	   *sel;			/* room for OLAP_VECTOR_ROWS entries if set */
	OlapVector *cols;			/* [ncols], by attribute number - 1 */
	bool	   *loaded;			/* [ncols]; NULL = all loaded */
	uint64		first_row;		/* row number of row 0 ... */
	const uint64 *row_numbers;	/* ... or one each, if not consecutive */
	/* not NULL: row_numbers are yet to be loaded (olap_batch_row_numbers()) */
	void		(*load_rows) (struct OlapBatch *batch);
	void		(*load) (struct OlapBatch *batch, int col);
	/* of the rows in sel alone: see olap_batch_column_of_rows(); may be NULL */
	bool		(*load_selected) (struct OlapBatch *batch, int col);
	/* a dictionary view without values: see olap_batch_codes(); may be NULL */
	bool		(*load_codes) (struct OlapBatch *batch, int col);
	void	   *source;			/* for load */
	uint64		place;			/* changes whenever dictionaries may have; > 0 */
	bool		matches;		/* zone maps prove the scan's quals of all rows */
} OlapBatch;

static inline bool
olap_vector_is_null(const OlapVector *v, uint32 row)
{
	return v->valid != NULL &&
		((v->valid[row >> 6] >> (row & 63)) & 1) == 0;
}

/* Row numbers [nrows], or NULL: row i is first_row + i. */
static inline const uint64 *
olap_batch_row_numbers(OlapBatch *batch)
{
	if (batch->load_rows != NULL)
	{
		batch->load_rows(batch);
		batch->load_rows = NULL;
	}
	return batch->row_numbers;
}

static inline uint64
olap_batch_row_number(OlapBatch *batch, uint32 row)
{
	const uint64 *rows = olap_batch_row_numbers(batch);

	return rows != NULL ? rows[row] : batch->first_row + row;
}

static inline const OlapVector *
olap_batch_column(OlapBatch *batch, int col)
{
	if (batch->loaded != NULL && !batch->loaded[col])
	{
		batch->load(batch, col);
		batch->loaded[col] = true;
	}
	return &batch->cols[col];
}

/*
 * The same for who looks at the rows in sel only, once: the vector is valid until
 * the column is asked for again.
 */
static inline const OlapVector *
olap_batch_column_of_rows(OlapBatch *batch, int col)
{
	if (batch->loaded != NULL && !batch->loaded[col] && batch->sel != NULL &&
		batch->load_selected != NULL && batch->load_selected(batch, col))
		return &batch->cols[col];
	return olap_batch_column(batch, col);
}

/*
 * The same for who looks at codes and dict if there are some, and at values if
 * not: values may be missing.  Asking for the column adds them.
 */
static inline const OlapVector *
olap_batch_codes(OlapBatch *batch, int col)
{
	if (batch->loaded != NULL && !batch->loaded[col] &&
		batch->load_codes != NULL && batch->load_codes(batch, col))
		return &batch->cols[col];
	return olap_batch_column(batch, col);
}

/*
 * Fill phys, scale and width of type from its other fields.
 */
extern void olap_column_type_resolve(OlapColumnType *type);

/*
 * Make v an empty vector for type with room for capacity rows; grows by
 * itself.  All memory comes from cxt.
 */
extern void olap_vector_init(OlapVector *v, const OlapColumnType *type,
							 uint32 capacity, MemoryContext cxt);

/* Forget the rows, keep the memory. Back to type's preferred phys. */
extern void olap_vector_reset(OlapVector *v, const OlapColumnType *type);

/*
 * For those who write the arrays themselves.  _reserve: room for more rows
 * after row n - 1; _reserve_heap: for more heap bytes after heap_len (an error
 * beyond 4 GB); _make_valid: a validity bitmap (all rows valid) if there is
 * none; _set_phys: another representation of an empty vector.
 */
extern void olap_vector_reserve(OlapVector *v, uint32 more);
extern void olap_vector_reserve_heap(OlapVector *v, size_t len);

/*
 * What rows more rows, with heap more bytes in the heap, may take at a time beside
 * olap_vector_memory(): arrays double, and are copied.
 */
extern size_t olap_vector_growth(const OlapVector *v, uint32 rows, size_t heap);
extern void olap_vector_make_valid(OlapVector *v);
extern void olap_vector_set_phys(OlapVector *v, OlapPhys phys, uint16 width);

/* Free the arrays. */
extern void olap_vector_free(OlapVector *v);

/* Bytes of memory held by v. */
extern size_t olap_vector_memory(const OlapVector *v);

/*
 * Append one value.  By-reference values are copied; a varlena must be
 * detoasted by the caller except that a 1-byte header is accepted.
 * A numeric that does not fit OLAP_PHYS_DEC64 turns v into OLAP_PHYS_VAR.
 */
extern void olap_vector_append_datum(OlapVector *v, const OlapColumnType *type,
									 Datum value, bool isnull);
extern void olap_vector_append_null(OlapVector *v);

/* Fast appends for decoders; v->phys must be what the name says. */
extern void olap_vector_append_bool(OlapVector *v, bool value);
extern void olap_vector_append_i16(OlapVector *v, int16 value);
extern void olap_vector_append_i32(OlapVector *v, int32 value);
extern void olap_vector_append_i64(OlapVector *v, int64 value); /* and DEC64 */
extern void olap_vector_append_f32(OlapVector *v, float value);
extern void olap_vector_append_f64(OlapVector *v, double value);
extern void olap_vector_append_fixed(OlapVector *v, const void *value);
/* data, len: the bytes without a header */
extern void olap_vector_append_var(OlapVector *v, const char *data, size_t len);

/* Drop the last rows so that n rows are left (a decoder takes back a row). */
extern void olap_vector_truncate(OlapVector *v, uint32 n);

/* Append rows sel[0..nsel) (NULL: the first nsel rows) of src to dst. */
extern void olap_vector_append_rows(OlapVector *dst, const OlapColumnType *type,
									const OlapVector *src,
									const uint32 *sel, uint32 nsel);

/* Turn a DEC64 vector into OLAP_PHYS_VAR holding PostgreSQL numerics. */
extern void olap_vector_to_numeric(OlapVector *v);

/*
 * The Datum of a row that is not NULL.  By-reference Datums point into the
 * vector, except DEC64's: that is built in *scratch, a buffer of at least
 * OLAP_DECIMAL_MAX_SIZE bytes, 4-byte aligned, which the caller must keep as
 * long as the Datum.
 */
#define OLAP_DECIMAL_MAX_SIZE 24
extern Datum olap_vector_datum(const OlapVector *v, uint32 row, char *scratch);

/*
 * numeric <-> scaled int64.  Layout of a numeric: PostgreSQL's numeric.c.
 *
 * _to_i64: false if value is NaN or infinite, has a display scale other than
 * scale (the round trip would not give the same bytes), or does not fit.
 * _from_i64: writes a varlena of at most OLAP_DECIMAL_MAX_SIZE bytes with
 * display scale `scale`, returns its length in bytes.
 * olap_numeric_scale: the display scale, -1 if no scaled int64 has it.
 */
extern bool olap_decimal_to_i64(const void *numeric, int scale, int64 *out);
extern int	olap_decimal_from_i64(int64 value, int scale, char *out);
extern int	olap_numeric_scale(const void *numeric);

/* The parts of numeric's typmod; false if it has none. scale may be negative. */
extern bool olap_numeric_length(int32 typmod, int *precision, int *scale);

#endif							/* OLAP_VECTOR_H */
