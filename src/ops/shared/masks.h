/** @file masks.h  Parameters of what is measured about segmentations. They are those that the measures
 *  name, so that a requirement finds its own. */
#ifndef ASSAY_OPS_SHARED_MASKS_H
#define ASSAY_OPS_SHARED_MASKS_H

#include "core/op.h"

/** Classes of a panoptic mean. */
typedef struct assay_masks_group {
    int32_t classes;
} assay_masks_group;

enum { ASSAY_MASKS_GROUP = 1 };
extern const assay_param assay_masks_group_params[ASSAY_MASKS_GROUP];

#endif
