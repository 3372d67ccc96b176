/* frame.h - is a message a frame of a stack and nothing else? Layer: core.
 *
 *   [<ffffffff8111ea14>] ? free_pages+0x44/0x50 [mod]
 *
 * Many lines of crashes are. Who knows what else the kernel prints needs not look at them.
 */
#ifndef KD_CORE_FRAME_H
#define KD_CORE_FRAME_H

#include "base/str.h"

bool kd_is_frame(kd_str text);

#endif
