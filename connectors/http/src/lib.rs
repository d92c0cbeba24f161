//! Kind http: JSON over HTTP, Open Referral HSDS among it.
