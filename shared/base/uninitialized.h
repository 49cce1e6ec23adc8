/* For a local variable that its callee writes whole: -ftrivial-auto-var-init, which is on everywhere, would clear it
   first, and a request has several that are hundreds of octets long. */
#ifndef MW_BASE_UNINITIALIZED_H
#define MW_BASE_UNINITIALIZED_H

#ifdef __has_attribute
#if __has_attribute(uninitialized)
#define MW_UNINITIALIZED __attribute__((uninitialized))
#endif
#endif
#ifndef MW_UNINITIALIZED
#define MW_UNINITIALIZED
#endif

#endif
