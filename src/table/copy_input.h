/*-------------------------------------------------------------------------
 *
 * copy_input.h
 *		Read the values of a COPY into an olap table faster.
 *
 * src/table/copy_input.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_COPY_INPUT_H
#define OLAP_COPY_INPUT_H

/*
 * If a COPY is what inserts these rows, let it read the values of the next ones
 * by olap_text_...() where these know the text.  To be called with each of its
 * batches; does nothing for other commands, or if olap.enable_fast_input is off.
 */
extern void olap_copy_input_speed_up(void);

#endif							/* OLAP_COPY_INPUT_H */
