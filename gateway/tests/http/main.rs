//! HTTP with a gateway behind it that only plays one: what may be sent and how, what comes back, what is refused.

#[cfg(test)]
mod browser;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod protocol;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod support;
