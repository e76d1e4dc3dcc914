/** @file command_model.h  A black-box model: a command that speaks JSON lines (docs/command-models.md). */
#ifndef ASSAY_ADAPTERS_PROCESS_COMMAND_MODEL_H
#define ASSAY_ADAPTERS_PROCESS_COMMAND_MODEL_H

#include "core/model.h"

/** Start the command (no shell), read its hello line (classes), serve batches. A command that dies,
 *  hangs past its timeout, or answers with anything but the protocol is ASSAY_EBACKEND and says so. */
ASSAY_NODISCARD assay_status assay_command_model_open(assay_model **out,
                                                      const assay_model_spec *spec,
                                                      const char *name, assay_error *err);

#endif
