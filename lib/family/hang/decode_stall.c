/* decode_stall.c - what the numbers of a stall mean. */
#include "family/hang/decode_stall.h"

#include "family/hang/parse_hang.h"

/* Lines between two reports of one stall in a capture without any time. */
#define NEAR_LINES 60u

uint64_t kd_stall_hz(uint64_t jiffies)
{
    static const uint64_t rates[] = { 100, 250, 300, 1000 }, timeouts[] = { 21, 26, 60, 65 };
    uint64_t found = 0;
    for (size_t k = 0; k < KD_COUNT(timeouts) && !found; k++)
        for (size_t i = 0; i < KD_COUNT(rates); i++) {
            uint64_t least = timeouts[k] * rates[i];
            if (jiffies >= least && jiffies < least + rates[i]) {
                if (found)
                    return 0;
                found = rates[i];
            }
        }
    return found;
}

kd_str kd_stall_hypervisor(kd_str hardware)
{
    static const char *const names[] = {
#define KD_HYPERVISOR(name) name,
#include "family/hang/hypervisor.def"
#undef KD_HYPERVISOR
    };
    for (size_t i = 0; i < KD_COUNT(names); i++)
        if (kd_str_has(hardware, names[i]))
            return kd_str_of(names[i]);
    return (kd_str){ NULL, 0 };
}

bool kd_stall_is_near(const kd_event *a, const kd_event *b, uint64_t seconds)
{
    if (a->boot != b->boot)
        return false;
    if (a->has_time && b->has_time) {
        uint64_t apart =
            a->time_us > b->time_us ? a->time_us - b->time_us : b->time_us - a->time_us;
        return apart <= seconds * 1000000;
    }
    if (a->has_time != b->has_time)
        return false;
    if (a->wall_time.len > 0 && b->wall_time.len > 0)
        return kd_str_eq(a->wall_time, b->wall_time);
    uint64_t first = kd_event_lines(a)[0].number, second = kd_event_lines(b)[0].number;
    return (first > second ? first - second : second - first) <= NEAR_LINES;
}

bool kd_stall_cpu_idles(const kdf_hang_cpu *cpu)
{
    if (cpu->idling_at.src)
        return true;
    return cpu->task_nesting.src && cpu->task_nesting.v == 0 && cpu->interrupt_nesting.src &&
           cpu->interrupt_nesting.v == 0;
}

bool kd_decode_rcu_stall(kd_event *event, void *part, const kd_context *context)
{
    kdf_rcu_stall *stall = part;
    (void)event, (void)context;
    bool expedited = kd_str_is(stall->detected.v, "expedited");
    uint64_t hz =
        stall->stalled_jiffies.src && !expedited ? kd_stall_hz(stall->stalled_jiffies.v) : 0;
    if (hz) {
        kd_derive(&stall->hz, hz);
        kd_derive(&stall->seconds, stall->stalled_jiffies.v / hz);
    }
    return true;
}
