/*-------------------------------------------------------------------------
 *
 * value_hash_sql.c
 *		How values of any SQL type are hashed.
 *
 * src/sketch/value_hash_sql.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/lsyscache.h"
#include "utils/pg_locale.h"
#include "utils/syscache.h"

#include "sketch/value_hash.h"

OlapHashKind
olap_hash_kind_of_type(Oid typid, Oid collation, bool *portable)
{
	Oid			base;
	OlapHashKind kind;

	/* a stored segment may name what was dropped since, or be damaged */
	if (!SearchSysCacheExists1(TYPEOID, ObjectIdGetDatum(typid)) ||
		(OidIsValid(collation) &&
		 !SearchSysCacheExists1(COLLOID, ObjectIdGetDatum(collation))))
	{
		*portable = false;
		return OLAP_HASH_NONE;
	}
	base = getBaseType(typid);
	kind = olap_hash_kind(base, !OidIsValid(collation) ||
						  get_collation_isdeterministic(collation));
	*portable = kind != OLAP_HASH_NONE;
	return kind == OLAP_HASH_NONE && type_is_enum(base) ? OLAP_HASH_UINT : kind;
}
