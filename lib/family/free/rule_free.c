/* rule_free.c - the wrong kind of pointer was handed to free_pages(). */
#include "family/free/rule_free.h"
#include "family/fault/decode_code.h"
#include "family/fields.h"

const char kd_doc_struct_page[] =
    "free_pages() takes a kernel virtual address, __free_pages() a struct page pointer. From the "
    "registers of the fault the address that was passed is computed back; it lies in the array of "
    "struct page itself. Where KASLR moves the bases they are recovered from the registers.";
const char kd_doc_free_vmalloc[] =
    "The address handed to free_pages() lies in the vmalloc range: it must be freed with vfree(), "
    "vunmap() or iounmap().";
const char kd_doc_free_kmap[] =
    "The address handed to free_pages() is a temporary mapping of kmap(): the page behind it "
    "has no "
    "address of its own and must be freed by its struct page pointer.";

static bool prepare(const kd_view *view, kd_free_class wanted, kd_free_case *c)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    if (!oops)
        return false;
    kd_free_case_of(oops, view->context, c);
    /* modules of powerpc lie in the vmalloc range */
    return c->class == wanted &&
           (!c->kfree || (wanted == KD_FREE_VMALLOC && !kd_arch_is(view->context, "ppc64")));
}

static kd_src src_of(const kdf_oops *oops, kd_str name)
{
    for (uint32_t i = 0; i < oops->registers.count; i++)
        if (kd_str_eq(KD_ITEMS(oops->registers, kd_pair)[i].name, name))
            return KD_ITEMS(oops->registers, kd_pair)[i].src;
    return 0;
}

static void say_access(const kd_view *view, kd_emit *out, const kd_free_case *c)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    kd_say_evidence(out, view->event, oops->address.src, "the fault address");
    kd_say_evidence(out, view->event, src_of(oops, c->page_register),
                    "%.*s is the page pointer that was made", KD_FMT(c->page_register));
    if (oops->code.instruction.src) {
        kd_say_evidence(out, view->event, oops->code.bytes.src, "the faulting instruction: %.*s",
                        KD_FMT(oops->code.instruction.v));
        kd_str bytes = oops->code.bytes.v;
        const char *mark = kd_str_find(bytes, "<");
        mark = mark ? mark : kd_str_find(bytes, "(");
        kd_str here = mark ? kd_str_from(bytes, (size_t)(mark - bytes.ptr)) : bytes;
        here.len = here.len < 11 ? here.len : 11;
        kd_say_proof(out,
                     kd_text_of(out, "the code bytes %.*s read %.*s+0x%llx", KD_FMT(here),
                                KD_FMT(c->page_register), KD_LLU(c->member)),
                     "instruction = \"%.*s\"", KD_FMT(oops->code.instruction.v));
    }
    kd_say_proof(out,
                 kd_text_of(out, "%.*s is the struct page pointer that was accessed",
                            KD_FMT(c->page_register)),
                 "0x%llx - 0x%llx = 0x%llx", KD_LLU(kd_fault_at(oops)), KD_LLU(c->member),
                 KD_LLU(c->page));
}

static void say_bases(const kd_view *view, kd_emit *out, const kd_free_case *c)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    if (c->by_image) {
        kd_say_proof(
            out,
            KD_STR("riscv takes an address outside the linear map for one of the image: it "
                   "lies a multiple of 2 MiB from where it was loaded, and the program "
                   "counter less that is in RAM"),
            "0x%llx & 0x1fffff = 0, 0x%llx - 0x%llx = 0x%llx (mod 2^64)", KD_LLU(c->linear),
            KD_LLU(c->code), KD_LLU(c->linear), KD_LLU(c->code - c->linear));
        return;
    }
    if (!c->recovered) {
        kd_say_proof(out,
                     kd_text_of(out, "linear map and vmemmap of %.*s %.*s begin at",
                                KD_FMT(view->context->arch), KD_FMT(view->context->version_text)),
                     "linear = 0x%llx, vmemmap = 0x%llx", KD_LLU(c->linear), KD_LLU(c->vmemmap));
        return;
    }
    if (c->class == KD_FREE_VMALLOC) {
        kd_say_evidence(out, view->event, src_of(oops, c->exact_register),
                        "%.*s still holds the address that was passed", KD_FMT(c->exact_register));
        kd_say_proof(out,
                     kd_text_of(out,
                                "with the linear map that %.*s lies in, the address in %.*s "
                                "gives a vmemmap at a multiple of 1 GiB, as it must be",
                                KD_FMT(c->witness_register), KD_FMT(c->exact_register)),
                     "0x%llx - 64 * ((0x%llx - 0x%llx) >> 12) = 0x%llx, 0x%llx & 0x3fffffff = 0",
                     KD_LLU(c->page), KD_LLU(c->exact), KD_LLU(c->linear), KD_LLU(c->vmemmap),
                     KD_LLU(c->vmemmap));
    } else {
        kd_say_proof(out,
                     kd_text_of(out, "vmemmap begins at a multiple of 1 GiB; %.*s lies in it",
                                KD_FMT(c->exact_register)),
                     "0x%llx & ~0x3fffffff = 0x%llx", KD_LLU(c->exact), KD_LLU(c->vmemmap));
        kd_say_proof(out, KD_STR("then the linear map begins at a multiple of 1 GiB, as it must"),
                     "0x%llx - (0x%llx << 12) = 0x%llx", KD_LLU(c->argument), KD_LLU(c->pfn),
                     KD_LLU(c->linear));
    }
    if (c->confirmed) {
        kd_say_evidence(out, view->event, src_of(oops, c->witness_register),
                        "%.*s lies in that linear map", KD_FMT(c->witness_register));
        kd_say_proof(out,
                     kd_text_of(out, "%.*s lies in that linear map", KD_FMT(c->witness_register)),
                     "0x%llx - 0x%llx = 0x%llx", KD_LLU(c->witness), KD_LLU(c->linear),
                     KD_LLU(c->witness - c->linear));
    }
    kd_say_hex(out, "linear_map_start", c->linear);
    kd_say_hex(out, "vmemmap_start", c->vmemmap);
}

static void say_argument(kd_emit *out, const kd_free_case *c)
{
    uint64_t last = (UINT64_C(1) << c->page_shift) - 1;
    kd_say_proof(out, KD_STR("virt_to_page() made it of this page frame number"),
                 "0x%llx + 64 * 0x%llx = 0x%llx (mod 2^64)", KD_LLU(c->vmemmap), KD_LLU(c->pfn),
                 KD_LLU(c->page));
    kd_say_proof(out,
                 kd_text_of(out, "so %s was given an address in this page",
                            c->kfree ? "kfree()" : "free_pages()"),
                 "0x%llx + (0x%llx << %u) = 0x%llx (mod 2^64), 0x%llx + %llu = 0x%llx",
                 KD_LLU(c->linear), KD_LLU(c->pfn), c->page_shift, KD_LLU(c->argument),
                 KD_LLU(c->argument), KD_LLU(last), KD_LLU(c->argument + last));
    kd_say_hex(out, "page_pointer", c->page);
    kd_say_hex(out, "pfn", c->pfn);
    kd_say_hex(out, "argument_page", c->argument);
    if (c->assumed)
        kd_say_assume(out, "%s", c->assumed);
}

static void say_suspect(const kd_view *view, kd_emit *out)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    if (oops->blame.module.src)
        kd_say_suspect(out, KD_SUSPECT_DRIVER, oops->blame.module.v, "it freed the pointer");
    kd_say_impact(out, KD_IMPACT_TASK_KILLED);
}

void kd_free_say_case(const kd_view *view, kd_emit *out, const kd_free_case *c)
{
    say_access(view, out, c);
    say_bases(view, out, c);
    say_argument(out, c);
}

/* The order that the module had printed, and the one that it passed. */
static void say_order(const kd_view *view, kd_emit *out, const kd_free_case *c)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    for (uint32_t i = 0; i < oops->notes.count && c->exact_register.len; i++) {
        const kdf_note *note = &KD_ITEMS(oops->notes, kdf_note)[i];
        if (note->address.v != c->exact_address)
            continue;
        kd_say_evidence(out, view->event, note->address.src,
                        "the address that the log had "
                        "printed");
        kd_say_proof(out, KD_STR("it is the page of the address printed earlier"),
                     "0x%llx = 0x%llx", KD_LLU(c->exact_address), KD_LLU(note->address.v));
        if (!note->order.src || !c->has_order || note->order.v == c->order)
            continue;
        kd_say_more(out, "A second fault: it passed order %llu, while the log says order %llu.",
                    KD_LLU(c->order), KD_LLU(note->order.v));
        kd_say_proof(out, KD_STR("the order passed is not the order printed"), "%llu != %llu",
                     KD_LLU(c->order), KD_LLU(note->order.v));
        kd_say_u64(out, "order_printed", note->order.v);
    }
    if (c->has_order)
        kd_say_u64(out, "order_passed", c->order);
}

/* After the oops in its exit function a module stays "going" for ever. */
static void say_rmmod(const kd_view *view, kd_emit *out)
{
    const kd_wide_view *wide = kd_wide(view);
    const kdf_task *task = kd_event_task(view->event);
    for (uint32_t i = 0; i < task->modules.count; i++) {
        const kdf_module_ref *module = &KD_ITEMS(task->modules, kdf_module_ref)[i];
        if (!kd_str_has(module->flags.v, "-"))
            continue;
        kd_say_more(out,
                    "The module %.*s(%.*s) died while it was being removed: it stays in that "
                    "state, and rmmod says busy until the next boot.",
                    KD_FMT(module->name.v), KD_FMT(module->flags.v));
        kd_say_evidence(out, view->event, module->name.src, "the module was going away (-)");
        for (size_t k = wide->index + 1; k < kd_neighbours(wide).to; k++) {
            const kdf_module_load *load = KD_BODY(wide->events[k], module_load);
            if (load && load->error.src && kd_str_eq(load->module.v, module->name.v))
                kd_say_evidence(out, wide->events[k], load->error.src,
                                "busy: the exit function never returned");
        }
        return;
    }
}

kd_status kd_check_struct_page(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    kd_free_case c;
    (void)user;
    if (!prepare(view, KD_FREE_STRUCT_PAGE, &c))
        return KD_OK;
    kd_say_diag(out, c.proved ? KD_CERTAIN : KD_LIKELY,
                "%.*s%s%.*s%s called free_pages() with a struct page pointer. free_pages() "
                "takes an "
                "address; it made a page pointer of the pointer, 0x%llx, which is no page.",
                KD_FMT(oops->blame.function.src ? oops->blame.function.v : KD_STR("Somebody")),
                oops->blame.module.src ? " [" : "", KD_FMT(oops->blame.module.v),
                oops->blame.module.src ? "]" : "", KD_LLU(c.page));
    say_access(view, out, &c);
    say_bases(view, out, &c);
    say_argument(out, &c);
    kd_say_proof(out, KD_STR("that page lies in the array of struct page (vmemmap)"),
                 "0x%llx <= 0x%llx < 0x%llx", KD_LLU(c.vmemmap), KD_LLU(c.argument),
                 KD_LLU(c.vmemmap_end));
    if (c.exact_register.len && c.exact_address) {
        kd_say_evidence(out, view->event, src_of(oops, c.exact_register),
                        "%.*s is the pointer that was passed", KD_FMT(c.exact_register));
        kd_say_proof(
            out,
            kd_text_of(out,
                       "%.*s is that pointer: the struct page of this pfn, at "
                       "this linear address",
                       KD_FMT(c.exact_register)),
            "0x%llx + 64 * 0x%llx = 0x%llx (mod 2^64), 0x%llx + (0x%llx << %u) = 0x%llx (mod 2^64)",
            KD_LLU(c.vmemmap), KD_LLU(c.exact_pfn), KD_LLU(c.exact), KD_LLU(c.linear),
            KD_LLU(c.exact_pfn), c.page_shift, KD_LLU(c.exact_address));
        kd_say_hex(out, "struct_page", c.exact);
        kd_say_hex(out, "struct_page_pfn", c.exact_pfn);
        kd_say_hex(out, "linear_address", c.exact_address);
    }
    say_order(view, out, &c);
    say_rmmod(view, out);
    say_suspect(view, out);
    kd_say_remedy(out, "Use __free_pages(page, order), which takes the struct page pointer.");
    kd_say_remedy(out, "Or free_pages((unsigned long)page_address(page), order), where the page "
                       "has "
                       "an address (not highmem).");
    kd_say_remedy(out, "Where the page was mapped with kmap(), call kunmap(page) first; pass the "
                       "order that was allocated.");
    if (!c.proved && !c.assumed)
        kd_say_assume(out, "the bases recovered from the registers are right: no other register "
                           "confirms them");
    return KD_OK;
}

kd_status kd_check_free_vmalloc(const kd_view *view, kd_emit *out, void *user)
{
    kd_free_case c;
    (void)user;
    if (!prepare(view, KD_FREE_VMALLOC, &c))
        return KD_OK;
    kd_say_diag(out, c.proved ? KD_CERTAIN : KD_LIKELY,
                "%s was given an address of the vmalloc range (0x%llx): %s.",
                c.kfree ? "kfree()" : "free_pages()", KD_LLU(c.argument),
                c.kfree ? "it is no slab object" : "it has no struct page behind it");
    say_access(view, out, &c);
    say_bases(view, out, &c);
    say_argument(out, &c);
    kd_say_proof(out,
                 kd_str_of(c.recovered ? "that page lies above the linear map of this RAM and "
                                         "below vmemmap: there is the vmalloc range"
                                       : "that page lies in the vmalloc range"),
                 "0x%llx <= 0x%llx < 0x%llx", KD_LLU(c.vmalloc), KD_LLU(c.argument),
                 KD_LLU(c.vmalloc_end));
    if (c.exact_register.len)
        kd_say_hex(out, "argument", c.exact);
    kd_say_remedy(out,
                  "Free it as it was made: vfree() for vmalloc(), vunmap() for vmap(), "
                  "iounmap() for ioremap()%s.",
                  c.kfree ? ", kvfree() for kvmalloc()" : "");
    say_suspect(view, out);
    return KD_OK;
}

kd_status kd_check_free_kmap(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    kd_free_case c;
    (void)user;
    if (!prepare(view, KD_FREE_KMAP, &c))
        return KD_OK;
    kd_say_diag(out, KD_LIKELY,
                "free_pages() was given 0x%llx, an address of the pkmap area of kmap(): such an "
                "address has no struct page behind it.",
                KD_LLU(c.argument));
    say_access(view, out, &c);
    kd_say_evidence(out, view->event, src_of(oops, c.witness_register), "%.*s holds mem_map",
                    KD_FMT(c.witness_register));
    kd_say_proof(
        out,
        kd_text_of(out, "the page pointer is this entry of mem_map (%u bytes each)", c.struct_size),
        "(0x%llx - 0x%llx) / %u = 0x%llx", KD_LLU(c.page), KD_LLU(c.vmemmap), c.struct_size,
        KD_LLU(c.pfn));
    kd_say_proof(out, KD_STR("so the address was this page, modulo 2^32"),
                 "0x%llx + (0x%llx << 12) = 0x%llx (mod 2^32)", KD_LLU(c.linear), KD_LLU(c.pfn),
                 KD_LLU(c.argument));
    kd_say_proof(out, KD_STR("the pkmap area is the 2 MiB below PAGE_OFFSET"),
                 "0x%llx <= 0x%llx < 0x%llx", KD_LLU(c.linear - 0x200000), KD_LLU(c.argument),
                 KD_LLU(c.linear));
    kd_say_hex(out, "argument", c.argument);
    kd_say_remedy(out, "Call kunmap(page), then __free_pages(page, order).");
    say_suspect(view, out);
    kd_say_assume(out, "CONFIG_PAGE_OFFSET=0xC0000000 (with another split the area lies "
                       "elsewhere)");
    return KD_OK;
}
