/*-------------------------------------------------------------------------
 *
 * agg_generic_build.c
 *		The server's functions of one aggregate: look-up, permissions, call frames.
 *
 * src/exec/agg_generic_build.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type_d.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "parser/parse_agg.h"
#include "parser/parse_coerce.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "base/compat_planner.h"
#include "exec/agg_generic_internal.h"

static void
check_function(Oid funcid, Oid role, ObjectType type)
{
	AclResult	result = olap_function_aclcheck(funcid, role);

	if (result != ACLCHECK_OK)
		aclcheck_error(result, type, get_func_name(funcid));
	InvokeFunctionExecuteHook(funcid);
}

void
olap_agg_check_permission(Oid aggfnoid)
{
	check_function(aggfnoid, GetUserId(), OBJECT_AGGREGATE);
}

void
olap_agg_check_grouping(Oid type)
{
	Oid			equal = lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;

	if (OidIsValid(equal))
		check_function(get_opcode(equal), GetUserId(), OBJECT_FUNCTION);
}

static Oid
owner_of(Oid funcid)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(funcid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", funcid);
	owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* A function that takes or makes states by a fixed signature. */
static void
init_state_function(Oid funcid, Oid owner, FmgrInfo *flinfo, MemoryContext cxt)
{
	check_function(funcid, owner, OBJECT_FUNCTION);
	fmgr_info_cxt(funcid, flinfo, cxt);
}

static void
init_transition(OlapGeneric *generic, Form_pg_aggregate form, Oid owner,
				Oid *types, int ntypes)
{
	AggStatePerTrans trans = &generic->trans;
	Aggref	   *aggref = generic->aggref;
	Expr	   *expr;

	check_function(form->aggtransfn, owner, OBJECT_FUNCTION);
	build_aggregate_transfn_expr(types, ntypes, 0, aggref->aggvariadic,
								 aggref->aggtranstype, aggref->inputcollid,
								 form->aggtransfn, InvalidOid, &expr, NULL);
	fmgr_info_cxt(form->aggtransfn, &trans->transfn, generic->cxt);
	fmgr_info_set_expr((Node *) expr, &trans->transfn);
	trans->aggref = aggref;
	trans->aggshared = false;
	trans->transfn_oid = form->aggtransfn;
	trans->aggCollation = aggref->inputcollid;
	trans->aggtranstype = aggref->aggtranstype;
	trans->numInputs = trans->numTransInputs = ntypes;
	get_typlenbyval(aggref->aggtranstype, &trans->transtypeLen,
					&trans->transtypeByVal);
	if (trans->transfn.fn_strict && trans->initValueIsNull &&
		(ntypes == 0 || !IsBinaryCoercible(types[0], aggref->aggtranstype)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_FUNCTION_DEFINITION),
				 errmsg("aggregate %u needs to have compatible input type and transition type",
						aggref->aggfnoid)));

	generic->nargs = ntypes;
	generic->call = palloc(SizeForFunctionCallInfo(ntypes + 1));
	InitFunctionCallInfoData(*generic->call, &trans->transfn, ntypes + 1,
							 aggref->inputcollid, (Node *) generic->aggstate,
							 NULL);
	generic->scratch = palloc(Max(ntypes, 1) * sizeof(generic->scratch[0]));
}

static void
init_final(OlapGeneric *generic, Form_pg_aggregate form, Oid owner, Oid *types,
		   int ntypes)
{
	AggStatePerAgg agg = &generic->agg;
	Aggref	   *aggref = generic->aggref;
	Expr	   *expr;

	agg->aggref = aggref;
	agg->transno = 0;
	agg->finalfn_oid = form->aggfinalfn;
	get_typlenbyval(aggref->aggtype, &agg->resulttypeLen, &agg->resulttypeByVal);
	agg->numFinalArgs = form->aggfinalextra ? ntypes + 1 : 1;
	if (!OidIsValid(form->aggfinalfn) || DO_AGGSPLIT_SKIPFINAL(aggref->aggsplit))
	{
		agg->finalfn_oid = InvalidOid;
		return;
	}
	check_function(form->aggfinalfn, owner, OBJECT_FUNCTION);
	build_aggregate_finalfn_expr(types, agg->numFinalArgs, aggref->aggtranstype,
								 aggref->aggtype, aggref->inputcollid,
								 form->aggfinalfn, &expr);
	fmgr_info_cxt(form->aggfinalfn, &agg->finalfn, generic->cxt);
	fmgr_info_set_expr((Node *) expr, &agg->finalfn);
}

static void
init_initial_value(OlapGeneric *generic, HeapTuple tuple)
{
	AggStatePerTrans trans = &generic->trans;
	Datum		initval;
	Oid			typinput,
				typioparam;

	initval = SysCacheGetAttr(AGGFNOID, tuple, Anum_pg_aggregate_agginitval,
						   &trans->initValueIsNull);
	trans->initValue = (Datum) 0;
	if (trans->initValueIsNull)
		return;
	getTypeInputInfo(generic->aggref->aggtranstype, &typinput, &typioparam);
	trans->initValue = OidInputFunctionCall(typinput, TextDatumGetCString(initval),
											typioparam, -1);
}

OlapGeneric *
olap_generic_create(Aggref *aggref, EState *estate)
{
	MemoryContext cxt = AllocSetContextCreate(estate->es_query_cxt,
											  "OlapAgg aggregate",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	OlapGeneric *generic = palloc0(sizeof(OlapGeneric));
	Oid			types[FUNC_MAX_ARGS];
	int			ntypes = get_aggregate_argtypes(aggref, types);
	Oid			owner = owner_of(aggref->aggfnoid);
	HeapTuple	tuple;
	Form_pg_aggregate form;

	generic->cxt = cxt;
	generic->aggref = aggref;
	generic->states_cxt = CreateExprContext(estate);
	generic->row_cxt = CreateExprContext(estate);
	generic->aggstate = makeNode(AggState);
	generic->aggstate->ss.ps.state = estate;
	generic->aggstate->ss.ps.ps_ExprContext = generic->row_cxt;
	generic->aggstate->tmpcontext = generic->row_cxt;
	generic->aggstate->curaggcontext = generic->states_cxt;
	generic->aggstate->pertrans = &generic->trans;
	generic->aggstate->peragg = &generic->agg;
	generic->aggstate->numaggs = generic->aggstate->numtrans = 1;

	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggref->aggfnoid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for aggregate %u", aggref->aggfnoid);
	form = (Form_pg_aggregate) GETSTRUCT(tuple);
	init_initial_value(generic, tuple);
	init_transition(generic, form, owner, types, ntypes);
	init_final(generic, form, owner, types, ntypes);
	if (DO_AGGSPLIT_SERIALIZE(aggref->aggsplit) &&
		aggref->aggtranstype == INTERNALOID)
		init_state_function(form->aggserialfn, owner, &generic->serialfn, cxt);
	generic->combinefn_oid = form->aggcombinefn;
	if (OidIsValid(form->aggcombinefn) && OidIsValid(form->aggdeserialfn))
	{
		generic->trans.deserialfn_oid = form->aggdeserialfn;
		init_state_function(form->aggcombinefn, owner, &generic->combinefn, cxt);
		init_state_function(form->aggdeserialfn, owner, &generic->deserialfn, cxt);
	}
	ReleaseSysCache(tuple);
	MemoryContextSwitchTo(old);
	return generic;
}

Oid
olap_generic_deserialfn(const OlapGeneric *generic)
{
	return generic->trans.deserialfn_oid;
}
