/* decode_esr.h - the exception syndrome of arm64 (ESR_ELx). */
#ifndef KD_FAULT_DECODE_ESR_H
#define KD_FAULT_DECODE_ESR_H

#include <stdbool.h>
#include <stdint.h>

typedef enum kd_esr_class {
    KD_ESR_UNKNOWN, /* EC 0: undefined instruction, mostly */
    KD_ESR_DABT,
    KD_ESR_IABT,
    KD_ESR_ALIGNMENT, /* of PC or SP */
    KD_ESR_SERROR,
    KD_ESR_BRK,
    KD_ESR_BTI,
    KD_ESR_FPAC,
    KD_ESR_WATCHPOINT,
    KD_ESR_DEBUG,   /* breakpoint, single step, vector catch */
    KD_ESR_SYSCALL, /* SVC, HVC, SMC */
    KD_ESR_SYSREG,
    KD_ESR_WFX,
    KD_ESR_OTHER,
    KD_ESR_UNALLOCATED
} kd_esr_class;

typedef enum kd_esr_fault {
    KD_ESR_FAULT_NONE, /* not an abort */
    KD_ESR_FAULT_TRANSLATION,
    KD_ESR_FAULT_ACCESS_FLAG,
    KD_ESR_FAULT_PERMISSION,
    KD_ESR_FAULT_ADDRESS_SIZE,
    KD_ESR_FAULT_EXTERNAL,
    KD_ESR_FAULT_ALIGNMENT,
    KD_ESR_FAULT_TAG_CHECK,
    KD_ESR_FAULT_OTHER
} kd_esr_fault;

typedef enum kd_esr_access {
    KD_ESR_ACCESS_NONE,
    KD_ESR_READ,
    KD_ESR_WRITE,
    KD_ESR_EXECUTE
} kd_esr_access;

typedef enum kd_esr_brk_use {
    KD_ESR_BRK_UNKNOWN,
    KD_ESR_BRK_KPROBE,
    KD_ESR_BRK_UPROBE,
    KD_ESR_BRK_DELIBERATE_FAULT,
    KD_ESR_BRK_KGDB,
    KD_ESR_BRK_BUG, /* BUG() or WARN(): the bug table knows which, the number does not */
    KD_ESR_BRK_KASAN,
    KD_ESR_BRK_UBSAN,
    KD_ESR_BRK_CFI
} kd_esr_brk_use;

typedef struct kd_esr_abort {
    uint8_t dfsc;            /* fault status; IFSC of an instruction abort */
    const char *dfsc_name;   /* as this kernel prints it: "level 2 translation fault" */
    const char *dfsc_newest; /* as the newest kernel prints it, where the old one says "unknown" */
    kd_esr_fault fault;
    bool has_level;
    int level;               /* of the page-table walk, -1..3 */
    kd_esr_access access;    /* cache maintenance counts as a read, as in the kernel */
    const char *access_name; /* "read", "write", "execute" */
    bool wnr, cm, s1ptw, fnv, ea;
    uint8_t set;        /* with dfsc 0x10: 0 recoverable, 2 uncontainable, 3 restartable */
    bool address_valid; /* false: the CPU says that the printed address means nothing */
    bool isv, sse, sf, ar, vncr;
    uint8_t access_bytes, srt; /* with isv: size of the access, number of the register */
    bool tnd, tag_access, gcs, overlay, dirty_bit; /* ISS2; 0 on kernels with a 32-bit ESR */
    uint8_t xs;
} kd_esr_abort;

typedef struct kd_esr_brk {
    uint16_t immediate;
    kd_esr_brk_use use;
    const char *name;     /* "BUG or WARN" */
    const char *check;    /* UBSAN: "out of bounds"; NULL: no or an unknown check */
    bool write, recover;  /* KASAN */
    uint8_t access_bytes; /* KASAN; 0: not a fixed size */
    uint8_t target_register, type_register; /* CFI */
} kd_esr_brk;

typedef struct kd_esr_serror {
    bool implementation_defined; /* IDS: the rest of the ISS is the CPU vendor's */
    bool ras;                    /* aet is valid */
    bool iesb, ea;
    uint8_t aet, dfsc;
    const char *aet_name; /* "uncontainable" ...; NULL unless ras */
    bool ignored;         /* the kernel goes on after it: corrected or restartable */
} kd_esr_serror;

typedef struct kd_esr {
    uint64_t value;
    uint8_t ec;
    kd_esr_class class;
    const char *ec_name;   /* as this kernel prints it: "DABT (current EL)", "UNRECOGNIZED EC" */
    const char *ec_newest; /* as the newest kernel prints it */
    bool il;               /* 32-bit instruction */
    uint32_t iss, iss2;
    uint8_t reserved_bits; /* 63:56; not 0: hardly an ESR */
    bool is_data_abort, is_instruction_abort;
    bool from_current_el; /* aborts and debug exceptions: in the kernel; else: in user mode */
    kd_esr_abort abort;   /* of data and instruction aborts; else all 0, names empty */
    kd_esr_brk brk;
    kd_esr_serror serror;
    bool fpac_data_key, fpac_b_key;
    uint8_t bti_btype; /* 1: BR x16/x17, 2: BLR, 3: other BR */
} kd_esr;

/*
 * `version` 0, and kernels before 4.4 for the EC: the words of the newest kernel. No name is NULL
 * unless its comment says so.
 */
void kd_esr_decode(uint64_t value, uint32_t version, kd_esr *out);

/* "translation", "access flag", "permission", "address size", "external abort", "alignment",
 * "tag check", "other", "none". */
const char *kd_esr_fault_name(kd_esr_fault fault);

#endif
