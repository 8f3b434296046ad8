/*-------------------------------------------------------------------------
 *
 * options_list.c
 *		Lists of columns in the values of options: a, "B" desc, c.
 *
 * src/meta/options_list.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "parser/scansup.h"

#include "meta/options_internal.h"

static bool
is_space(char c)
{
	return scanner_isspace(c);
}

/* Read an identifier at *p into item. */
static const char *
read_name(const char **p, OlapOptionItem *item)
{
	const char *s = *p;
	StringInfoData name;

	initStringInfo(&name);
	item->quoted = *s == '"';
	if (item->quoted)
	{
		for (s++;; s++)
		{
			if (*s == '\0')
				return "A quoted name does not end.";
			if (*s == '"' && *++s != '"')
				break;
			appendStringInfoChar(&name, *s);
		}
	}
	else
		while (*s != '\0' && *s != ',' && *s != '"' && !is_space(*s))
			appendStringInfoChar(&name, *s++);
	if (name.len == 0)
		return "A column name is missing.";
	item->name = name.data;
	*p = s;
	return NULL;
}

const char *
olap_option_read_item(const char **p, OlapOptionItem *item, bool directions)
{
	const char *fault;
	const char *word;

	memset(item, 0, sizeof(*item));
	while (is_space(**p))
		(*p)++;
	item->start = *p;
	fault = read_name(p, item);
	if (fault != NULL)
		return fault;
	item->len = *p - item->start;

	while (is_space(**p))
		(*p)++;
	word = *p;
	while (**p != '\0' && **p != ',' && !is_space(**p))
		(*p)++;
	if (*p > word)
	{
		int			len = *p - word;

		if (!directions)
			return "A comma is missing between two columns.";
		item->directed = true;
		item->desc = len == 4 && pg_strncasecmp(word, "desc", 4) == 0;
		if (!item->desc && !(len == 3 && pg_strncasecmp(word, "asc", 3) == 0))
			return "Only \"asc\" or \"desc\" may follow a column's name.";
		item->len = *p - item->start;
	}

	while (is_space(**p))
		(*p)++;
	if (**p == ',')
	{
		(*p)++;
		while (is_space(**p))
			(*p)++;
		if (**p == '\0')
			return "A column name is missing at the end.";
	}
	else if (**p != '\0')
		return "A comma is missing between two columns.";
	return NULL;
}

static AttrNumber
find_column(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped && strcmp(NameStr(att->attname), name) == 0)
			return att->attnum;
	}
	return InvalidAttrNumber;
}

AttrNumber
olap_option_item_column(TupleDesc desc, const OlapOptionItem *item)
{
	AttrNumber	attno = find_column(desc, item->name);

	if (attno == InvalidAttrNumber && !item->quoted)
		attno = find_column(desc,
							downcase_truncate_identifier(item->name,
														 strlen(item->name),
														 false));
	return attno;
}
