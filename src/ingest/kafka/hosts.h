/*-------------------------------------------------------------------------
 *
 * hosts.h
 *		olap.allowed_hosts: which brokers may be connected to.
 *
 * Why: brokers advertise arbitrary addresses, so checking the options of a
 * server is not enough; every name is checked again before it is resolved, on
 * librdkafka's threads.  So matching uses no server memory and raises nothing.
 *
 * src/ingest/kafka/hosts.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_KAFKA_HOSTS_H
#define OLAP_KAFKA_HOSTS_H

/*
 * Does patterns, a list of host[:port] separated by commas or blanks, allow
 * host and port?  In a pattern * stands for any characters; a pattern without a
 * port allows every port; IPv6 addresses are in brackets.  Case is ignored.  A
 * list without a pattern allows everything.
 */
extern bool olap_hosts_allow(const char *patterns, const char *host,
							 const char *port);

/*
 * Take the next "host[:port]" off a comma-separated list, which may carry a
 * scheme ("SSL://").  Returns false at the end.  host and port have size bytes;
 * an entry that is malformed or too long gives an empty host.
 */
extern bool olap_hosts_next(const char **list, char *host, char *port,
							size_t size);

#endif							/* OLAP_KAFKA_HOSTS_H */
