/*-------------------------------------------------------------------------
 *
 * dict.c
 *		The DICT encoding: sorted distinct values and a code for every row.
 *
 * Payload: count of entries, lengths of the first two inner chunks (4 bytes
 * each), a chunk with the entries, maybe a chunk of int16 with the classes of
 * the entries (dict_classes.c), and a chunk of int32 with the codes.  Entries
 * are distinct and ascend: integers by value, all else byte by byte (floats by
 * the unsigned number that their bits are), because sorted neighbours compress
 * well.  A code is the number of an entry, or of an entry in the order of the
 * classes if there are some; readers see the dictionary in the order of codes.
 *
 * src/codec/dict.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "base/kernel.h"
#include "codec/codec_internal.h"
#include "codec/dict_build.h"

#define DICT_HEADER 12
/* A dictionary that names more of the rows than this does not pay. */
#define MAX_SHARE 0.65
/* Classes cost a step of decoding: shorter codes are left as they are ... */
#define CLASSES_MIN 512
/* ... and so are those that would not get shorter than this share. */
#define CLASSES_GAIN 0.95
/* What an entry's class takes, and a code more than its entropy, about. */
#define CLASS_BYTES 0.3
#define CLASSES_EXTRA 0.2

static double
dict_score(const OlapAnalysis *a)
{
	double		log_distinct = log2(Max(a->distinct, 2));
	double		bits = ceil(log_distinct);
	double		entry = (double) a->raw_bytes / a->n;

	if (a->depth != OLAP_DEPTH_COLUMN || a->n < 16 ||
		a->distinct > MAX_SHARE * a->n || a->v->phys == OLAP_PHYS_BOOL)
		return INFINITY;
	/* sorted entries compress: integers to their gaps, text by about 4 */
	if (a->v->phys == OLAP_PHYS_VAR)
		entry = entry / 4 + 1;
	else if (olap_phys_is_integer(a->v->phys))
		entry = Min(entry, Max(a->for_bits - log_distinct + 3, 2) / 8);
	/* with classes, codes come close to the entropy (dict_classes.c) */
	if (a->entropy + CLASSES_EXTRA + 8 * CLASS_BYTES * a->distinct / a->n <
		bits)
	{
		bits = a->entropy + CLASSES_EXTRA;
		entry += CLASS_BYTES;
	}
	return DICT_HEADER + 64 + bits / 8 * a->n + a->distinct * entry;
}

/* Remember at place how many bytes were appended behind start. */
static void
note_length(OlapBytes *out, size_t place, size_t start)
{
	uint32		len = (uint32) (out->len - start);

	memcpy(out->data + place, &len, sizeof(len));
}

/* The codes as bins over classes of entries, behind the classes. */
static void
encode_classes(const OlapAnalysis *a, const OlapClasses *classes,
			   const uint32 *codes, uint32 entries, size_t place,
			   OlapBytes *out)
{
	OlapVector	class_of = {.phys = OLAP_PHYS_I16, .width = sizeof(int16),
		.typalign = TYPALIGN_SHORT, .n = entries, .values = classes->class_of};
	uint64	   *ordered = palloc(a->n * sizeof(uint64));
	size_t		start = out->len;
	OlapChunkInfo inner;

	olap_chunk_encode_at(&class_of, OLAP_DEPTH_CODES, out, &inner);
	note_length(out, place, start);
	for (uint32 i = 0; i < a->n; i++)
		ordered[i] = classes->code_of[codes[i]];
	olap_chunk_put_header(out, OLAP_ENC_BINS, OLAP_PHYS_I32, sizeof(uint32),
						  a->n, (uint64) a->n * sizeof(uint32));
	olap_bins_write(&classes->bins, 0, ordered, a->valid, a->n, out);
	pfree(ordered);
}

/* Bytes that codes take without classes, estimated. */
static double
plain_codes_size(const OlapVector *codes)
{
	OlapAnalysis a;

	olap_analyze(&a, codes, NULL, OLAP_DEPTH_CODES);
	/* what comes in runs is better left so */
	if (a.runs <= a.n / 4)
		return 0;
	return Min(a.for_bits, a.delta_bits) / 8 * a.n;
}

/* All codes, in whichever way is shorter.  place: of the classes' length. */
static void
encode_codes(const OlapAnalysis *a, OlapVector *codes, uint32 entries,
			 size_t place, OlapBytes *out)
{
	double		plain = entries < 3 ? 0 : plain_codes_size(codes);
	OlapClasses classes;
	OlapChunkInfo inner;
	double		bits = INFINITY;

	if (plain >= CLASSES_MIN)
		bits = olap_classes_choose(codes->values, a->valid, a->n, entries,
								   &classes);
	if (CLASSES_MIN / 2 + bits / 8 + CLASS_BYTES * entries <
		CLASSES_GAIN * plain)
		encode_classes(a, &classes, codes->values, entries, place, out);
	else
		olap_chunk_encode_at(codes, OLAP_DEPTH_CODES, out, &inner);
	if (plain >= CLASSES_MIN)
	{
		pfree(classes.class_of);
		pfree(classes.code_of);
	}
}

static bool
dict_encode(const OlapAnalysis *a, OlapBytes *out, OlapChunkInfo *info)
{
	static const uint8 header[DICT_HEADER] = {0};
	uint32		max = (uint32) (MAX_SHARE * a->n) + 1;
	OlapVector	entries;
	OlapVector	codes = {.phys = OLAP_PHYS_I32, .width = sizeof(uint32),
		.typalign = TYPALIGN_INT, .n = a->n};
	OlapChunkInfo inner;
	size_t		start = out->len;

	codes.values = palloc(a->n * sizeof(uint32));
	if (!olap_dict_build(a->v, max, &entries, codes.values))
	{
		pfree(codes.values);
		return false;
	}
	olap_bytes_append(out, header, sizeof(header));
	memcpy(out->data + start, &entries.n, sizeof(uint32));
	olap_chunk_encode_at(&entries, OLAP_DEPTH_CODES, out, &inner);
	note_length(out, start + 4, start + DICT_HEADER);
	encode_codes(a, &codes, entries.n, start + 8, out);
	info->distinct = entries.n;
	if (a->count != NULL)
		olap_count_values(a->count, &entries);
	olap_vector_free(&entries);
	pfree(codes.values);
	return true;
}

/* Append a chunk within this one, all rows of it, to out, made here. */
static bool
load_inner(OlapChunk *chunk, const uint8 *src, size_t len,
		   const OlapColumnType *type, uint32 nrows, OlapVector *out,
		   const char **reason)
{
	OlapChunk  *inner = olap_chunk_open_at(src, len, type->phys, type->scale,
										   type->width, type->typalign, nrows,
										   OLAP_DEPTH_CODES, NULL,
										   chunk->cxt, reason);
	bool		ok;

	if (inner == NULL)
		return false;
	olap_vector_init(out, type, nrows, chunk->cxt);
	ok = olap_chunk_decode_all(inner, out, reason);
	olap_chunk_close(inner);
	return ok;
}

/* Put the entries, which are loaded, in the order of the codes. */
static bool
order_entries(OlapChunk *chunk, const uint8 *src, size_t len,
			  const char **reason)
{
	OlapVector *dict = &chunk->dict;
	OlapColumnType type = {.phys = OLAP_PHYS_I16, .width = sizeof(int16),
		.typalign = TYPALIGN_SHORT};
	OlapVector	class_of = {0};
	size_t		width = dict->width;
	uint32	   *order = palloc(dict->n * sizeof(uint32));
	bool		ok = load_inner(chunk, src, len, &type, dict->n, &class_of,
								reason);

	if (ok && !olap_classes_order(&class_of, order))
	{
		*reason = "a dictionary entry has an unknown class";
		ok = false;
	}
	if (ok)
	{
		char	   *ordered = MemoryContextAlloc(dict->cxt, dict->n * width);

		for (uint32 i = 0; i < dict->n; i++)
			memcpy(ordered + i * width,
				   (const char *) dict->values + order[i] * width, width);
		pfree(dict->values);
		dict->values = ordered;
		dict->capacity = dict->n;
	}
	pfree(order);
	if (class_of.cxt != NULL)
		olap_vector_free(&class_of);
	return ok;
}

static bool
dict_open(OlapChunk *chunk, const char **reason)
{
	const uint8 *src = chunk->payload;
	OlapColumnType type = {.phys = chunk->info.phys, .width = chunk->width,
		.scale = chunk->info.scale, .typalign = chunk->typalign};
	size_t		len = chunk->payload_len;
	uint32		count;
	uint32		entries_len;
	uint32		classes_len;

	if (chunk->depth != OLAP_DEPTH_COLUMN)
		OLAP_REJECT("a dictionary is not allowed here");
	if (len < DICT_HEADER)
		OLAP_REJECT("a dictionary chunk is cut short");
	olap_chunk_need(&chunk->source, src, DICT_HEADER);
	memcpy(&count, src, sizeof(count));
	memcpy(&entries_len, src + 4, sizeof(entries_len));
	memcpy(&classes_len, src + 8, sizeof(classes_len));
	src += DICT_HEADER;
	len -= DICT_HEADER;
	if (count == 0 || count > chunk->info.nrows || entries_len > len ||
		classes_len > len - entries_len)
		OLAP_REJECT("a dictionary chunk has a header out of range");

	olap_chunk_need(&chunk->source, src, entries_len + (size_t) classes_len);
	chunk->has_dict = true;
	if (!load_inner(chunk, src, entries_len, &type, count, &chunk->dict,
					reason))
		return false;
	src += entries_len;
	len -= entries_len;
	if (classes_len > 0 && !order_entries(chunk, src, classes_len, reason))
		return false;
	src += classes_len;
	len -= classes_len;

	chunk->inner = olap_chunk_open_at(src, len, OLAP_PHYS_I32, 0,
									  sizeof(uint32), TYPALIGN_INT,
									  chunk->info.nrows, OLAP_DEPTH_CODES,
									  &chunk->source, chunk->cxt, reason);
	if (chunk->inner == NULL)
		return false;
	type = (OlapColumnType) {.phys = OLAP_PHYS_I32, .width = sizeof(uint32),
		.typalign = TYPALIGN_INT};
	olap_vector_init(&chunk->inner_out, &type, OLAP_VECTOR_ROWS, chunk->cxt);
	chunk->info.distinct = count;
	return true;
}

OLAP_KERNEL static uint32
max_code(const uint32 *codes, uint32 n)
{
	uint32		max = 0;

	for (uint32 i = 0; i < n; i++)
		max = codes[i] > max ? codes[i] : max;
	return max;
}

#define GATHER(bits) \
OLAP_KERNEL static void \
gather_##bits(const uint##bits *restrict entries, \
			  const uint32 *restrict codes, uint32 n, \
			  uint##bits *restrict out) \
{ \
	for (uint32 i = 0; i < n; i++) \
		out[i] = entries[codes[i]]; \
}

GATHER(8)
GATHER(16)
GATHER(32)
GATHER(64)

static bool
dict_decode(OlapChunk *chunk, uint32 vecno, OlapVector *out,
			const char **reason)
{
	uint32		n = olap_vector_rows_of(chunk->info.nrows, vecno);
	size_t		width = chunk->width;
	uint8	   *dst = (uint8 *) out->values + out->n * width;
	const OlapVector *dict = &chunk->dict;
	const uint32 *codes;

	chunk->inner_out.n = 0;
	if (!chunk->inner->codec->decode(chunk->inner, vecno, &chunk->inner_out,
									 reason))
		return false;
	codes = chunk->inner_out.values;
	if (max_code(codes, n) >= dict->n)
		OLAP_REJECT("a dictionary code is out of range");
	switch (width)
	{
		case 1:
			gather_8(dict->values, codes, n, dst);
			break;
		case 2:
			gather_16(dict->values, codes, n, (uint16 *) dst);
			break;
		case 4:
			gather_32(dict->values, codes, n, (uint32 *) dst);
			break;
		case 8:
			gather_64(dict->values, codes, n, (uint64 *) dst);
			break;
		default:
			for (uint32 i = 0; i < n; i++)
				memcpy(dst + i * width, (const char *) dict->values +
					   codes[i] * width, width);
	}
	if (out->phys == OLAP_PHYS_VAR)
	{
		if (out->heap_cap != 0)
			pfree(out->heap);
		out->heap = dict->heap;
		out->heap_len = dict->heap_len;
		out->heap_cap = 0;
	}
	out->codes = codes;
	out->dict = dict;
	out->n += n;
	return true;
}

const OlapCodec olap_codec_dict = {
	.encoding = OLAP_ENC_DICT,
	.name = "dict",
	.decode_cost = 0.25,
	.pieces = true,
	.score = dict_score,
	.encode = dict_encode,
	.open = dict_open,
	.decode = dict_decode,
};
