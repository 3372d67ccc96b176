/* decode_memcg_path.c - what the path of a memory control group tells.
 *
 *   /kubepods/burstable/podUID/ID                                        kubelet, cgroupfs driver
 *   /kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podUID.slice/crio-ID.scope
 *   /docker/ID, /system.slice/docker-ID.scope, /machine.slice/libpod-ID.scope, /lxc/NAME
 *   /user.slice/user-1000.slice/user@1000.service/app.slice/app.scope    systemd
 */
#include "family/oom/decode_memcg_path.h"

#include "base/scan.h"

static const char *const container_heads[] = { "cri-containerd-", "containerd-", "crio-conmon-",
                                               "crio-",           "docker-",     "libpod-payload-",
                                               "libpod-conmon-",  "libpod-",     "lxc.payload.",
                                               "lxc.payload-",    "cri-o-",      NULL };

static kd_str without_end(kd_str text, const char *end)
{
    if (kd_str_ends(text, end))
        text.len -= kd_str_of(end).len;
    return text;
}

/* "kubepods-besteffort-podUID.slice", "podUID": gives "podUID". */
static bool find_pod(kd_str part, kd_str *pod)
{
    for (size_t i = 0; i + 3 < part.len; i++) {
        kd_str rest = kd_str_from(part, i);
        bool starts = i == 0 || part.ptr[i - 1] == '-';
        if (!starts || !kd_str_starts(rest, "pod") || !kd_is_hex(rest.ptr[3]))
            continue;
        *pod = without_end(rest, ".slice");
        return true;
    }
    return false;
}

static bool is_long_id(kd_str part)
{
    for (size_t i = 0; i < part.len; i++)
        if (!kd_is_hex(part.ptr[i]))
            return false;
    return part.len >= 12;
}

/* @param below  the part above it is a pod, or a runtime's own folder */
static bool find_container(kd_str part, bool below, kd_str *container)
{
    for (size_t i = 0; container_heads[i]; i++)
        if (kd_str_starts(part, container_heads[i])) {
            *container =
                without_end(kd_str_from(part, kd_str_of(container_heads[i]).len), ".scope");
            return container->len > 0;
        }
    if (!below && !is_long_id(part))
        return false;
    *container = without_end(part, ".scope");
    return true;
}

static bool is_runtime(kd_str part)
{
    return kd_str_is(part, "docker") || kd_str_is(part, "lxc") ||
           kd_str_is(part, "libpod_parent") || kd_str_is(part, "actions_job") ||
           kd_str_is(part, "containerd");
}

static void read_part(kd_str part, bool below, kd_memcg_place *out)
{
    if (out->container.len > 0) /* init.scope and the like inside it */
        return;
    if (find_pod(part, &out->pod)) {
        out->level = KD_LEVEL_POD;
    } else if (kd_str_is(part, "kubepods") || kd_str_is(part, "kubepods.slice")) {
        out->level = KD_LEVEL_ALL_PODS;
    } else if (out->level == KD_LEVEL_ALL_PODS) {
        out->level = KD_LEVEL_QOS;
        out->besteffort = kd_str_has(part, "besteffort");
    } else if (find_container(part, below || out->level == KD_LEVEL_POD, &out->container)) {
        out->level = KD_LEVEL_CONTAINER;
    } else if (kd_str_ends(part, ".service") || kd_str_ends(part, ".scope")) {
        out->level = KD_LEVEL_UNIT;
        out->unit = part;
    } else if (kd_str_ends(part, ".slice")) {
        out->level = KD_LEVEL_SLICE;
        out->unit = part;
    } else {
        out->level = KD_LEVEL_UNKNOWN;
    }
}

void kd_memcg_place_of(kd_str path, kd_memcg_place *out)
{
    bool below = false;
    kd_str part;
    *out = (kd_memcg_place){ .level = KD_LEVEL_UNKNOWN };
    while (kd_str_split(&path, '/', &part)) {
        if (part.len == 0)
            continue;
        read_part(part, below, out);
        below = is_runtime(part);
    }
}
