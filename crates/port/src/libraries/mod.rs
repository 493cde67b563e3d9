//! scikit-learn, images, matplotlib.

pub(crate) mod axes;
pub(crate) mod opencv;
pub(crate) mod pillow;
pub(crate) mod plots;
pub(crate) mod sklearn;
pub(crate) mod sklearn_more;
