using System.Runtime.CompilerServices;

namespace QwenSharp.Tokenizers;

/// <summary>A growing buffer of UTF-8 from which many short strings are cut.</summary>
internal sealed class Utf8Text
{
    private byte[] _bytes = new byte[1 << 16];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> this[(int Start, int Length) place] => _bytes.AsSpan(place.Start, place.Length);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(ReadOnlySpan<byte> text)
    {
        if (_bytes.Length - Length < text.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + text.Length));
        text.CopyTo(_bytes.AsSpan(Length));
        Length += text.Length;
    }
}
