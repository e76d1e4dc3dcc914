/**
 * @file version.h
 * The version of Assay. This is the only place where it is written: the build, the program, the
 * library's file name and the packages take it from here.
 */
#ifndef ASSAY_VERSION_H
#define ASSAY_VERSION_H

#include "assay/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_VERSION_MAJOR 0 /**< raised when a public declaration changes incompatibly */
#define ASSAY_VERSION_MINOR 1 /**< raised when something is added */
#define ASSAY_VERSION_PATCH 0 /**< raised when only defects are removed */

#define ASSAY_VERSION_TEXT_OF_(major, minor, patch) #major "." #minor "." #patch
#define ASSAY_VERSION_TEXT_(major, minor, patch) ASSAY_VERSION_TEXT_OF_(major, minor, patch)
/** The version of the headers as text, e.g. "0.1.0". */
#define ASSAY_VERSION                                                                              \
    ASSAY_VERSION_TEXT_(ASSAY_VERSION_MAJOR, ASSAY_VERSION_MINOR, ASSAY_VERSION_PATCH)

/** The version of the library that is running, e.g. "0.1.0"; compare it with ASSAY_VERSION. Static
 *  text. */
ASSAY_API const char *assay_version(void);

#ifdef __cplusplus
}
#endif

#endif
