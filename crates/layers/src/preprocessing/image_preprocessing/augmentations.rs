//! The layers from which AugMix and RandAugment choose.

use super::base_image_preprocessing_layer::ImagePreprocessing;
use super::factor::{Factor, ValueRange};
use super::{
    AutoContrast, Equalization, RandomBrightness, RandomColorDegeneration, RandomContrast, RandomPosterization,
    RandomRotation, RandomSharpness, RandomShear, RandomTranslation, Solarization,
};
use crate::Result;
use candle_core::Tensor;
use candle_keras_ops::random::Stream;
use serde::{Deserialize, Serialize};

/// What the layers have in common.
pub(super) struct Common<'a> {
    /// The range that all of them draw from.
    pub(super) factor: [f64; 2],
    pub(super) value_range: ValueRange,
    pub(super) interpolation: &'a str,
    pub(super) data_format: &'a str,
}

/// Defines the enums of the layers and of what they draw.
macro_rules! augmentations {
    ($($(#[$doc:meta])* $layer:ident = $name:literal,)*) => {
        /// A layer that AugMix and RandAugment apply.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Augmentation {
            $($(#[$doc])* #[serde(rename = $name)] $layer,)*
        }

        /// What such a layer has drawn.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub enum AugmentationTransformation {
            $($(#[$doc])* #[serde(rename = $name)] $layer(<$layer as ImagePreprocessing>::Transformation),)*
        }

        impl Augmentation {
            /// Draws the numbers for a batch of images.
            pub(super) fn draw(
                self,
                common: &Common,
                images: &Tensor,
                random: &mut Stream,
            ) -> Result<AugmentationTransformation> {
                match self {
                    $(Self::$layer => {
                        let drawn = common.$layer().get_random_transformation(images, random)?;
                        Ok(AugmentationTransformation::$layer(drawn))
                    })*
                }
            }
        }

        impl AugmentationTransformation {
            /// The transformed images.
            pub(super) fn transform_images(&self, common: &Common, images: &Tensor) -> Result<Tensor> {
                match self {
                    $(Self::$layer(drawn) => common.$layer().transform_images(images, drawn),)*
                }
            }

            /// The transformed masks.
            pub(super) fn transform_masks(&self, common: &Common, masks: &Tensor) -> Result<Tensor> {
                match self {
                    $(Self::$layer(drawn) => common.$layer().transform_segmentation_masks(masks, drawn),)*
                }
            }
        }
    };
}

augmentations! {
    /// A [`RandomShear`](crate::RandomShear).
    RandomShear = "random_shear",
    /// A [`RandomTranslation`](crate::RandomTranslation).
    RandomTranslation = "random_translation",
    /// A [`RandomRotation`](crate::RandomRotation).
    RandomRotation = "random_rotation",
    /// A [`RandomPosterization`](crate::RandomPosterization).
    RandomPosterization = "random_posterization",
    /// A [`Solarization`](crate::Solarization).
    Solarization = "solarization",
    /// An [`AutoContrast`](crate::AutoContrast).
    AutoContrast = "auto_contrast",
    /// An [`Equalization`](crate::Equalization).
    Equalization = "equalization",
    /// A [`RandomBrightness`](crate::RandomBrightness).
    RandomBrightness = "random_brightness",
    /// A [`RandomColorDegeneration`](crate::RandomColorDegeneration).
    RandomColorDegeneration = "random_color_degeneration",
    /// A [`RandomContrast`](crate::RandomContrast).
    RandomContrast = "random_contrast",
    /// A [`RandomSharpness`](crate::RandomSharpness).
    RandomSharpness = "random_sharpness",
}

impl Augmentation {
    /// Those that move pixels or change them by their values; the first of [`ALL`](Self::ALL).
    pub(super) const FEW: usize = 7;

    /// All of them.
    pub(super) const ALL: [Self; 11] = [
        Self::RandomShear,
        Self::RandomTranslation,
        Self::RandomRotation,
        Self::RandomPosterization,
        Self::Solarization,
        Self::AutoContrast,
        Self::Equalization,
        Self::RandomBrightness,
        Self::RandomColorDegeneration,
        Self::RandomContrast,
        Self::RandomSharpness,
    ];
}

/// The layers, by their names.
#[allow(non_snake_case, reason = "the functions are named as the layers that they make")]
impl Common<'_> {
    fn factor(&self) -> Factor {
        self.factor.into()
    }

    fn RandomShear(&self) -> RandomShear {
        let layer = RandomShear::new().x_factor(self.factor()).y_factor(self.factor());
        layer.interpolation(self.interpolation).data_format(self.data_format)
    }

    fn RandomTranslation(&self) -> RandomTranslation {
        let layer = RandomTranslation::new(self.factor(), self.factor());
        layer.interpolation(self.interpolation).data_format(self.data_format)
    }

    fn RandomRotation(&self) -> RandomRotation {
        RandomRotation::new(self.factor()).interpolation(self.interpolation).data_format(self.data_format)
    }

    fn RandomPosterization(&self) -> RandomPosterization {
        let bits = (8.0 * self.factor[1]).trunc().clamp(1.0, 8.0);
        RandomPosterization::new(bits).value_range(self.value_range).data_format(self.data_format)
    }

    fn Solarization(&self) -> Solarization {
        let layer = Solarization::new().addition_factor(self.factor()).threshold_factor(self.factor());
        layer.value_range(self.value_range).data_format(self.data_format)
    }

    fn AutoContrast(&self) -> AutoContrast {
        AutoContrast::new().value_range(self.value_range).data_format(self.data_format)
    }

    fn Equalization(&self) -> Equalization {
        Equalization::new().value_range(self.value_range).data_format(self.data_format)
    }

    fn RandomBrightness(&self) -> RandomBrightness {
        RandomBrightness::new(self.factor()).value_range(self.value_range).data_format(self.data_format)
    }

    fn RandomColorDegeneration(&self) -> RandomColorDegeneration {
        RandomColorDegeneration::new(self.factor()).value_range(self.value_range).data_format(self.data_format)
    }

    fn RandomContrast(&self) -> RandomContrast {
        RandomContrast::new(self.factor()).value_range(self.value_range).data_format(self.data_format)
    }

    fn RandomSharpness(&self) -> RandomSharpness {
        RandomSharpness::new(self.factor()).value_range(self.value_range).data_format(self.data_format)
    }
}
