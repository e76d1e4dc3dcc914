/**
 * @file coco_parts.h
 * COCO results read in parts, so that several threads can share one file. Where a record begins can only
 * be guessed in the middle of a file; the guess of a part is held right when the part before it arrives
 * there as at a record of the list. Then everything is as if one reader had read it all; otherwise (and
 * after any error) the file is read by assay_coco_read_results, whose errors name the line.
 */
#ifndef ASSAY_CODEC_COCO_PARTS_H
#define ASSAY_CODEC_COCO_PARTS_H

#include "codec/coco_read.h"

/** Where a record may begin in `bytes`: at the first { that follows a }, a comma and nothing but blanks.
 *  SIZE_MAX = nowhere. */
size_t assay_coco_guess_record(const char *bytes, size_t n);

/** Read from byte `begin` (a record; 0 = the beginning of the file), which the source stands at, to the
 *  record at byte `end` (UINT64_MAX = the end of the file). *out stays NULL when no record begins
 *  there, or when anything is wrong with the file; err is set only when memory is out or the source
 *  fails. */
ASSAY_NODISCARD assay_status assay_coco_read_part(assay_coco_rows **out, assay_read_fn read,
                                                  void *context, const assay_coco_options *options,
                                                  uint64_t begin, uint64_t end, assay_error *err);

/** The rows of all parts in order; the parts are used up. *out stays NULL when together they are more
 *  than the options allow. */
ASSAY_NODISCARD assay_status assay_coco_join_parts(assay_coco_rows **out, assay_coco_rows **parts,
                                                   int n, const assay_coco_options *options,
                                                   assay_error *err);

#endif
