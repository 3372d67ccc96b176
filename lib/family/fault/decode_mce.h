/* decode_mce.h - how bad an error of the hardware was. */
#ifndef KD_FAULT_DECODE_MCE_H
#define KD_FAULT_DECODE_MCE_H

#include "family/fields.h"

typedef enum kd_mce_grade { KD_MCE_UNGRADED, KD_MCE_CORRECTED, KD_MCE_UNCORRECTED } kd_mce_grade;

/* By its severity, else by the status of the bank; a corrected one left the data as it was. */
kd_mce_grade kd_mce_grade_of(const kdf_hardware_error *error);

#endif
