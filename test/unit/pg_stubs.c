/*
 * test/unit/pg_stubs.c
 *		The part of the server that pure code needs, for programs outside it.
 *
 * Memory contexts are real enough to find leaks and overruns: each chunk is one
 * malloc, so the address sanitizer sees its bounds, and a context frees all it
 * holds. ereport(ERROR) jumps to the innermost PG_TRY or CHECK_ERROR, and ends
 * the program when there is none. Everything else that links comes from the
 * server's libpgcommon and libpgport.
 */
#include "postgres.h"

#include <stdarg.h>
#include <stdlib.h>

#include "miscadmin.h"
#include "nodes/memnodes.h"
#include "utils/memutils.h"

#include "unit.h"

/* Memory ------------------------------------------------------------------ */

typedef struct Chunk
{
	struct Chunk *prev;
	struct Chunk *next;
	size_t		size;
	MemoryContext context;		/* last: where 15 looks for it */
} Chunk;

#define CHUNK_HEADER sizeof(Chunk)

StaticAssertDecl(sizeof(Chunk) % MAXIMUM_ALIGNOF == 0, "chunks are aligned");

typedef struct StubContext
{
	MemoryContextData head;		/* only its type tag and links are used */
	Chunk		chunks;			/* head of a ring */
	struct StubContext *parent;
	struct StubContext *first_child;
	struct StubContext *sibling;
} StubContext;

bool		unit_fill_memory = true;

static StubContext top_context;
static size_t allocated;
static size_t peak;

MemoryContext CurrentMemoryContext;
MemoryContext TopMemoryContext;
MemoryContext ErrorContext;

static void
init_context(StubContext *context)
{
	memset(context, 0, sizeof(*context));
	context->head.type = T_AllocSetContext;
	context->chunks.next = context->chunks.prev = &context->chunks;
}

static void __attribute__((constructor))
init_memory(void)
{
	init_context(&top_context);
	TopMemoryContext = CurrentMemoryContext = ErrorContext =
		(MemoryContext) &top_context;
}

static Chunk *
chunk_of(const void *pointer)
{
	return (Chunk *) ((char *) pointer - CHUNK_HEADER);
}

static void *
allocate(MemoryContext context, Size size, bool huge, bool zero, bool no_oom)
{
	StubContext *owner = (StubContext *) context;
	Chunk	   *chunk;

	if (huge ? !AllocHugeSizeIsValid(size) : !AllocSizeIsValid(size))
		elog(ERROR, "invalid memory alloc request size %zu", size);
	chunk = malloc(CHUNK_HEADER + size);
	if (chunk == NULL)
	{
		if (no_oom)
			return NULL;
		elog(ERROR, "out of memory");
	}
	chunk->context = context;
	chunk->size = size;
	chunk->next = owner->chunks.next;
	chunk->prev = &owner->chunks;
	chunk->next->prev = chunk;
	owner->chunks.next = chunk;
	allocated += size;
	peak = Max(peak, allocated);
	/* fresh memory is never zero by luck */
	if (zero || unit_fill_memory)
		memset((char *) chunk + CHUNK_HEADER, zero ? 0 : 0x7f, size);
	return (char *) chunk + CHUNK_HEADER;
}

void
pfree(void *pointer)
{
	Chunk	   *chunk = chunk_of(pointer);

	chunk->prev->next = chunk->next;
	chunk->next->prev = chunk->prev;
	allocated -= chunk->size;
	free(chunk);
}

void *
palloc(Size size)
{
	return allocate(CurrentMemoryContext, size, false, false, false);
}

void *
palloc0(Size size)
{
	return allocate(CurrentMemoryContext, size, false, true, false);
}

void *
palloc_extended(Size size, int flags)
{
	return MemoryContextAllocExtended(CurrentMemoryContext, size, flags);
}

void *
MemoryContextAlloc(MemoryContext context, Size size)
{
	return allocate(context, size, false, false, false);
}

void *
MemoryContextAllocZero(MemoryContext context, Size size)
{
	return allocate(context, size, false, true, false);
}

void *
MemoryContextAllocZeroAligned(MemoryContext context, Size size)
{
	return allocate(context, size, false, true, false);
}

void *
MemoryContextAllocHuge(MemoryContext context, Size size)
{
	return allocate(context, size, true, false, false);
}

void *
MemoryContextAllocExtended(MemoryContext context, Size size, int flags)
{
	return allocate(context, size, (flags & MCXT_ALLOC_HUGE) != 0,
					(flags & MCXT_ALLOC_ZERO) != 0,
					(flags & MCXT_ALLOC_NO_OOM) != 0);
}

static void *
reallocate(void *pointer, Size size, bool huge, bool zero_tail)
{
	Chunk	   *chunk = chunk_of(pointer);
	size_t		old = chunk->size;
	char	   *copy = allocate(chunk->context, size, huge, zero_tail, false);

	memcpy(copy, pointer, Min(old, size));
	pfree(pointer);
	return copy;
}

void *
repalloc(void *pointer, Size size)
{
	return reallocate(pointer, size, false, false);
}

void *
repalloc_huge(void *pointer, Size size)
{
	return reallocate(pointer, size, true, false);
}

void *
repalloc0(void *pointer, Size oldsize, Size size)
{
	return reallocate(pointer, size, false, true);
}

MemoryContext
AllocSetContextCreateInternal(MemoryContext parent, const char *name,
							  Size minContextSize, Size initBlockSize,
							  Size maxBlockSize)
{
	StubContext *context = malloc(sizeof(StubContext));
	StubContext *above = (StubContext *) (parent ? parent : TopMemoryContext);

	init_context(context);
	context->parent = above;
	context->sibling = above->first_child;
	above->first_child = context;
	return (MemoryContext) context;
}

void
MemoryContextDeleteChildren(MemoryContext context)
{
	StubContext *c = (StubContext *) context;

	while (c->first_child != NULL)
		MemoryContextDelete((MemoryContext) c->first_child);
}

void
MemoryContextReset(MemoryContext context)
{
	StubContext *c = (StubContext *) context;

	MemoryContextDeleteChildren(context);
	while (c->chunks.next != &c->chunks)
		pfree((char *) c->chunks.next + CHUNK_HEADER);
}

void
MemoryContextResetOnly(MemoryContext context)
{
	MemoryContextReset(context);
}

void
MemoryContextDelete(MemoryContext context)
{
	StubContext *c = (StubContext *) context;
	StubContext **link = &c->parent->first_child;

	MemoryContextReset(context);
	while (*link != c)
		link = &(*link)->sibling;
	*link = c->sibling;
	free(c);
}

#if PG_VERSION_NUM >= 160000
MemoryContext
GetMemoryChunkContext(void *pointer)
{
	return chunk_of(pointer)->context;
}
#endif

Size
GetMemoryChunkSpace(void *pointer)
{
	return chunk_of(pointer)->size + CHUNK_HEADER;
}

Size
MemoryContextMemAllocated(MemoryContext context, bool recurse)
{
	StubContext *c = (StubContext *) context;
	Size		sum = 0;

	for (Chunk *chunk = c->chunks.next; chunk != &c->chunks; chunk = chunk->next)
		sum += chunk->size;
	if (recurse)
		for (StubContext *k = c->first_child; k != NULL; k = k->sibling)
			sum += MemoryContextMemAllocated((MemoryContext) k, true);
	return sum;
}

char *
MemoryContextStrdup(MemoryContext context, const char *string)
{
	size_t		size = strlen(string) + 1;

	return memcpy(MemoryContextAlloc(context, size), string, size);
}

char *
pstrdup(const char *in)
{
	return MemoryContextStrdup(CurrentMemoryContext, in);
}

char *
pnstrdup(const char *in, Size len)
{
	char	   *out;

	len = strnlen(in, len);
	out = palloc(len + 1);
	memcpy(out, in, len);
	out[len] = '\0';
	return out;
}

char *
psprintf(const char *format,...)
{
	char		buffer[4096];
	va_list		args;

	va_start(args, format);
	vsnprintf(buffer, sizeof(buffer), format, args);
	va_end(args);
	return pstrdup(buffer);
}

size_t
unit_allocated(void)
{
	return allocated;
}

size_t
unit_peak(void)
{
	size_t		result = peak;

	peak = allocated;
	return result;
}

/* Errors ------------------------------------------------------------------ */

sigjmp_buf *PG_exception_stack;
ErrorContextCallback *error_context_stack;

static int	error_level;
static int	error_sqlstate;
static char error_message[1024];

const char *
unit_last_message(void)
{
	return error_message;
}

int
unit_last_sqlstate(void)
{
	return error_sqlstate;
}

bool
errstart(int elevel, const char *domain)
{
	if (elevel < ERROR)
		return false;
	error_level = elevel;
	error_sqlstate = ERRCODE_INTERNAL_ERROR;
	error_message[0] = '\0';
	return true;
}

bool
errstart_cold(int elevel, const char *domain)
{
	return errstart(elevel, domain);
}

void
pg_re_throw(void)
{
	if (PG_exception_stack != NULL)
		siglongjmp(*PG_exception_stack, 1);
	fprintf(stderr, "uncaught error: %s\n", error_message);
	abort();
}

void
errfinish(const char *filename, int lineno, const char *funcname)
{
	if (PG_exception_stack == NULL || error_level > ERROR)
		fprintf(stderr, "%s:%d: %s: ", filename, lineno, funcname);
	if (error_level > ERROR)
		PG_exception_stack = NULL;
	pg_re_throw();
}

int
errcode(int sqlerrcode)
{
	error_sqlstate = sqlerrcode;
	return 0;
}

static void
set_message(const char *format, va_list args)
{
	vsnprintf(error_message, sizeof(error_message), format, args);
}

int
errmsg(const char *format,...)
{
	va_list		args;

	va_start(args, format);
	set_message(format, args);
	va_end(args);
	return 0;
}

int
errmsg_internal(const char *format,...)
{
	va_list		args;

	va_start(args, format);
	set_message(format, args);
	va_end(args);
	return 0;
}

int
errdetail(const char *format,...)
{
	return 0;
}

int
errdetail_internal(const char *format,...)
{
	return 0;
}

int
errhint(const char *format,...)
{
	return 0;
}

void
FlushErrorState(void)
{
	error_message[0] = '\0';
}

#if PG_VERSION_NUM >= 160000
void
ExceptionalCondition(const char *condition, const char *file, int line)
#else
void
ExceptionalCondition(const char *condition, const char *type,
					 const char *file, int line)
#endif
{
	fprintf(stderr, "assertion failed: %s, %s:%d\n", condition, file, line);
	abort();
}

/* Odds and ends ----------------------------------------------------------- */

volatile sig_atomic_t InterruptPending;
unsigned unit_interrupts;

void
ProcessInterrupts(void)
{
	unit_interrupts++;
}

void
check_stack_depth(void)
{
}

/* Harness ----------------------------------------------------------------- */

static int	tests;
static int	failures;
static bool current_failed;
static uint64 random_state;

void
unit_check(bool ok, const char *what, const char *file, int line)
{
	if (ok)
		return;
	current_failed = true;
	printf("# %s:%d: %s\n", file, line, what);
}

void
unit_check_int(int64 got, int64 expected, const char *what,
			   const char *file, int line)
{
	if (got == expected)
		return;
	current_failed = true;
	printf("# %s:%d: %s: got " INT64_FORMAT ", expected " INT64_FORMAT "\n",
		   file, line, what, got, expected);
}

void
unit_check_error(bool raised, const char *text, const char *what,
				 const char *file, int line)
{
	if (raised && strstr(error_message, text) != NULL)
		return;
	current_failed = true;
	printf("# %s:%d: %s: expected an error with \"%s\", got %s%s\n", file, line,
		   what, text, raised ? "" : "none",
		   raised ? error_message : "");
}

/* Run one test; an error that escapes it fails it and the next one runs. */
void
unit_run(void (*test) (void), const char *name)
{
	sigjmp_buf	escape;
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "test",
												  ALLOCSET_DEFAULT_SIZES);

	current_failed = false;
	random_state = 0;
	MemoryContextSwitchTo(context);
	if (sigsetjmp(escape, 0) == 0)
	{
		PG_exception_stack = &escape;
		test();
	}
	else
		unit_check(false, error_message, "raised an error", 0);
	PG_exception_stack = NULL;
	MemoryContextSwitchTo(TopMemoryContext);
	MemoryContextDelete(context);
	tests++;
	failures += current_failed;
	printf("%s %d - %s\n", current_failed ? "not ok" : "ok", tests, name);
	fflush(stdout);
}

int
unit_done(void)
{
	printf("1..%d\n", tests);
	return failures > 0;
}

uint64
unit_random(void)
{
	if (random_state == 0)
	{
		const char *seed = getenv("UNIT_SEED");

		random_state = UINT64CONST(0x9e3779b97f4a7c15) ^
			(seed ? strtoull(seed, NULL, 0) : 0);
	}
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}
