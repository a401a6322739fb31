namespace QwenSharp.Training;

/// <summary>What of a model is trained.</summary>
public enum TrainingMethod
{
    /// <summary>All weights, in F32.</summary>
    Full,

    /// <summary>
    /// Adapters beside the frozen weights, which stay in the type that they are stored in: LoRA over F16, BF16 or F32, and QLoRA over
    /// quantised ones.
    /// </summary>
    Lora,
}
