/* match_words.c - what ordinary kernel logs are made of, for match.c. Layer: base. */
#include "base/match_words.h"

/* -10 * log2 of how often a byte stands in ordinary kernel logs (measured on 4 MB of boot logs). */
const unsigned char kd_byte_cost[128] = {
    217, 217, 217, 217, 217, 217, 217, 217, 217, 119, 60,  217, 217, 60,  217, 217, 217, 217, 217,
    217, 217, 217, 217, 217, 217, 217, 217, 161, 217, 217, 217, 217, 26,  148, 137, 133, 217, 164,
    217, 99,  85,  84,  107, 108, 79,  75,  56,  94,  33,  55,  60,  65,  64,  65,  63,  68,  65,
    68,  57,  131, 128, 89,  120, 154, 126, 75,  82,  73,  86,  85,  90,  100, 98,  75,  217, 92,
    89,  79,  88,  89,  70,  114, 83,  76,  84,  86,  105, 115, 99,  126, 138, 58,  148, 58,  217,
    71,  217, 51,  67,  57,  58,  43,  56,  65,  72,  50,  110, 81,  57,  63,  55,  53,  60,  99,
    51,  53,  51,  63,  76,  90,  70,  74,  92,  217, 121, 217, 217, 217,
};

/* Words of ordinary kernel logs, the most frequent first (measured on 70 boot logs): what stands in
 * them is a poor fingerprint, however rare its letters are. */
const char kd_ordinary_words[] =
    "registered ACPI table bytes entries hash order linear Registered pages type acpiphp "
    "kernel Slot init disabled initialized memory node enabled with security cache resource "
    "size found family protocol clocksource governor AppArmor pci_bus reserved detected "
    "driver CPUs from version thermal host using zone features thermal_sys Setting device "
    "generic Node swapper loaded default alloc root Using Linux available BIOS ranges mask "
    "system window support max_cycles max_idle_ns Freeing domain delay HugeTLB pcie "
    "allocated unused configured console audit linux Tasks bridge mode preallocated pool "
    "Device variant shift printk image BOCHS jiffies nr_cpu_ids level Spectre done Total "
    "policy registers Boot Memory heap scheduler link Reserving implementation Supporting "
    "XSAVE quirk psci iommu initializing setting high established devices bind value ftrace "
    "input pcpu fscrypt atomic address free data calculated PF_INET pps_core kworker ttyS "
    "Interrupt number stack allocations Enabled legacy Serial INT_SRC_OVR bus_irq global_irq "
    "base setup vmemmap integrity pinctrl class failed timer passed empty PIIX start "
    "Hierarchical state freed self tests queues APIC rodata dummy platform GFP_KERNEL irqs "
    "adjustable callback BogoMIPS panic configuration loop Loading Kernel Movable tftp "
    "running present NR_CPUS Tainted DEBUG rtc_cmos hpet xstate_offset xstate_sizes tables "
    "ignore_loglevel Early Translated HPET extended code chip process cpuidle based "
    "frequency algorithm Rude Switched information name Code Controller smpboot initrd "
    "architecture Hardware QEMU Machine block Table Segment firmware Initializing "
    "active_anon inactive_anon active_file unevictable down buffer interface SCSI activated "
    "Data insmod Standard command Disabling breakpoint capability limit Booting virt NUMA "
    "kprobes rootfs calibration alternatives cert auto Binutils Added common subsys Routing "
    "lists ignoring layer GFP_DMA Brought serio Copyright major TASK netlink initramfs "
    "colour read Trying secondary Hash allowed Built debug skipped random deadline Embedded "
    "zonelists Zone mobility grouping Dentry SLUB Nodes NR_IRQS nr_irqs pid_max minimum "
    "Mount allocating devtmpfs unpack Bringing each rwdata Mountpoint futex cryptomgr "
    "notests Initmem percpu enlistment crng SRCU step_wise tcp_listen_portaddr_hash "
    "Initialise trusted keyrings workingset timestamp_bits max_order bucket_order asymmetric "
    "usb xhci_hcd mounted filesystem ordered Started Session user "
    "module operation command error event workqueue temperature speed link high-speed ready "
    "systemd[1]: entered forwarding disconnect "
    "USB EXT4-fs systemd ADDRCONF NETDEV_CHANGE of to the for not is in on at by and all still "
    "after into out ";

const size_t kd_ordinary_len = sizeof kd_ordinary_words - 1;
