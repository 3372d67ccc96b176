/* rule_net.c - a network device did not send in time.
 *
 * The WARN() of dev_watchdog() (to 6.4) and the line without a WARN() behind it tell the same. The
 * stack is that of a timer: it says nothing.
 */
#include "family/device/rule_device.h"

const char kd_doc_net_timeout[] = "The transmit watchdog of a network device: its queue took "
                                  "nothing for seconds. Driver, device, "
                                  "link partner (pause frames), interrupt or PCIe; never "
                                  "dev_watchdog(), whose stack is a timer's.";

typedef struct stall {
    kd_str device, driver;
    uint64_t queue, ms;
    bool has_queue, has_ms;
    kd_src src;
} stall;

/* "NETDEV WATCHDOG: eth0 (ftgmac100): transmit queue 0 timed out[ 5010 ms]" */
static bool read_warning(const kdf_warning *warning, stall *out)
{
    kd_scan in = kd_scan_of(warning->message.v);
    kd_str before;
    if (!kd_scan_past(&in, "NETDEV WATCHDOG: ", &before) ||
        !kd_scan_until(&in, ' ', &out->device) || !kd_scan_literal(&in, " (") ||
        !kd_scan_until(&in, ')', &out->driver))
        return false;
    out->src = warning->message.src;
    out->has_queue = kd_scan_past(&in, "transmit queue ", &before) && kd_scan_u64(&in, &out->queue);
    out->has_ms = kd_scan_past(&in, "timed out ", &before) && kd_scan_u64(&in, &out->ms);
    return true;
}

static bool read_stall(const kd_view *view, stall *out)
{
    const kdf_warning *warning = KD_BODY(view->event, warning);
    const kdf_device_error *error = KD_BODY(view->event, device_error);
    *out = (stall){ .src = 0 };
    if (warning)
        return read_warning(warning, out);
    if (!error)
        return false;
    *out = (stall){
        .device = error->device.v,
        .driver = error->driver.v,
        .queue = error->queue.v,
        .ms = error->stalled_ms.v,
        .has_queue = error->queue.src != 0,
        .has_ms = error->stalled_ms.src != 0,
        .src = error->headline.src,
    };
    return true;
}

kd_status kd_check_net_timeout(const kd_view *view, kd_emit *out, void *user)
{
    stall found;
    (void)user;
    if (!read_stall(view, &found))
        return KD_OK;
    kd_say_diag(out, KD_LIKELY, "The network device %.*s%s%.*s%s did not send what it was given",
                KD_FMT(found.device), found.driver.len ? " (driver " : "", KD_FMT(found.driver),
                found.driver.len ? ")" : "");
    if (found.has_queue)
        kd_say_more(out, "on queue %llu", KD_LLU(found.queue));
    if (found.has_ms)
        kd_say_more(out, "for %llu ms", KD_LLU(found.ms));
    kd_say_more(out, "until the watchdog of the network stack noticed. The stack, where there is "
                     "one, is that of a timer and says nothing.");
    kd_say_evidence(out, view->event, found.src, "device, driver and queue");
    kd_say_text(out, "device", found.device);
    if (found.driver.len)
        kd_say_text(out, "driver", found.driver);
    if (found.has_ms)
        kd_say_u64(out, "stalled_ms", found.ms);
    kd_say_impact(out, KD_IMPACT_DEGRADED);
    kd_say_suspect(out, KD_SUSPECT_DRIVER, found.driver, "its device does not send");
    kd_say_remedy(out, "Look for the link going down, PCIe or IOMMU errors and other lines of this "
                       "driver before it; try without offloads (ethtool -K), energy saving (EEE, "
                       "ASPM) and pause frames.");
    kd_say_missing(out, "the driver's lines after it: did the reset of the device help?");
    return KD_OK;
}
