namespace QwenSharp.Formats;

/// <summary>How the elements of a tensor are stored. The names are the format's own.</summary>
public enum SafetensorsType
{
    /// <summary>One byte, 0 or 1.</summary>
    BOOL,
    /// <summary>Unsigned 8-bit integer.</summary>
    U8,
    /// <summary>Signed 8-bit integer.</summary>
    I8,
    /// <summary>8-bit float: sign, 4 bits of exponent, 3 of mantissa; no infinities (OCP OFP8 "E4M3FN").</summary>
    F8_E4M3,
    /// <summary>8-bit float: sign, 5 bits of exponent, 2 of mantissa.</summary>
    F8_E5M2,
    /// <summary>Unsigned 16-bit integer.</summary>
    U16,
    /// <summary>Signed 16-bit integer.</summary>
    I16,
    /// <summary>IEEE 754 half precision.</summary>
    F16,
    /// <summary>The upper half of an IEEE 754 single.</summary>
    BF16,
    /// <summary>Unsigned 32-bit integer.</summary>
    U32,
    /// <summary>Signed 32-bit integer.</summary>
    I32,
    /// <summary>IEEE 754 single precision.</summary>
    F32,
    /// <summary>Unsigned 64-bit integer.</summary>
    U64,
    /// <summary>Signed 64-bit integer.</summary>
    I64,
    /// <summary>IEEE 754 double precision.</summary>
    F64,
}

/// <summary>Sizes and spelling of the types.</summary>
public static class SafetensorsTypes
{
    // Enum.TryParse would also take numbers.
    private static readonly Dictionary<string, SafetensorsType> ByName = Enum.GetValues<SafetensorsType>()
        .ToDictionary(type => type.ToString());

    /// <summary>Bytes of an element.</summary>
    public static int Bytes(this SafetensorsType type) => type switch
    {
        SafetensorsType.BOOL or SafetensorsType.U8 or SafetensorsType.I8 or SafetensorsType.F8_E4M3 or SafetensorsType.F8_E5M2 => 1,
        SafetensorsType.U16 or SafetensorsType.I16 or SafetensorsType.F16 or SafetensorsType.BF16 => 2,
        SafetensorsType.U32 or SafetensorsType.I32 or SafetensorsType.F32 => 4,
        _ => 8,
    };

    internal static bool TryParse(string name, out SafetensorsType type) => ByName.TryGetValue(name, out type);
}
