/*-------------------------------------------------------------------------
 *
 * hosts.c
 *		olap.allowed_hosts: which brokers may be connected to.
 *
 * src/ingest/kafka/hosts.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "ingest/kafka/hosts.h"

static bool
is_separator(char c)
{
	return c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c + 32) : c;
}

/* Does text match pattern[0, len), in which * stands for any characters? */
static bool
matches(const char *pattern, size_t len, const char *text)
{
	size_t		p = 0;
	size_t		star = len;		/* position behind the last *; len: none */
	const char *mark = NULL;

	while (*text != '\0')
	{
		if (p < len && pattern[p] == '*')
		{
			star = ++p;
			mark = text;
		}
		else if (p < len && lower(pattern[p]) == lower(*text))
		{
			p++;
			text++;
		}
		else if (mark != NULL)
		{
			p = star;
			text = ++mark;
		}
		else
			return false;
	}
	while (p < len && pattern[p] == '*')
		p++;
	return p == len;
}

static bool
pattern_allows(const char *pattern, size_t len, const char *host,
			   const char *port)
{
	const char *colon = NULL;
	size_t		host_len = len;

	for (size_t i = len; i > 0 && pattern[i - 1] != ']'; i--)
		if (pattern[i - 1] == ':')
		{
			colon = pattern + i - 1;
			break;
		}
	if (colon != NULL)
	{
		size_t		port_len = pattern + len - colon - 1;

		if (!matches(colon + 1, port_len, port))
			return false;
		host_len = colon - pattern;
	}
	if (host_len >= 2 && pattern[0] == '[' && pattern[host_len - 1] == ']')
	{
		pattern++;
		host_len -= 2;
	}
	return matches(pattern, host_len, host);
}

bool
olap_hosts_allow(const char *patterns, const char *host, const char *port)
{
	bool		any = false;
	const char *p = patterns != NULL ? patterns : "";

	while (*p != '\0')
	{
		size_t		len = 0;

		while (is_separator(*p))
			p++;
		while (p[len] != '\0' && !is_separator(p[len]))
			len++;
		if (len > 0)
		{
			any = true;
			if (pattern_allows(p, len, host, port))
				return true;
		}
		p += len;
	}
	return !any;
}

bool
olap_hosts_next(const char **list, char *host, char *port, size_t size)
{
	const char *p = *list;
	const char *end;
	const char *scheme;
	const char *host_end;

	while (is_separator(*p))
		p++;
	if (*p == '\0')
		return false;
	for (end = p; *end != '\0' && !is_separator(*end); end++)
		;
	*list = end;
	host[0] = '\0';
	strlcpy(port, "9092", size);

	scheme = strstr(p, "://");
	if (scheme != NULL && scheme < end)
		p = scheme + 3;
	if (p < end && *p == '[')
	{
		host_end = memchr(p, ']', end - p);
		if (host_end == NULL)
			return true;
		p++;
		if (host_end + 1 < end && host_end[1] != ':')
			return true;
		if (host_end + 1 < end)
		{
			if ((size_t) (end - host_end - 2) >= size || end - host_end < 3)
				return true;
			strlcpy(port, host_end + 2, end - host_end - 1);
		}
	}
	else
	{
		host_end = memchr(p, ':', end - p);
		if (host_end == NULL)
			host_end = end;
		else
		{
			if ((size_t) (end - host_end - 1) >= size || end - host_end < 2)
				return true;
			strlcpy(port, host_end + 1, end - host_end);
		}
	}
	if (strspn(port, "0123456789") != strlen(port))
		return true;
	if ((size_t) (host_end - p) < size)
		strlcpy(host, p, host_end - p + 1);
	return true;
}
