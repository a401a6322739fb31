using System.Buffers;

namespace QwenSharp.Server.Http;

/// <summary>How a dialect writes a streamed reply.</summary>
/// <param name="MediaType">Of what type the stream is.</param>
/// <param name="Write">Writes one part.</param>
/// <param name="End">Writes what tells a client that the stream is whole.</param>
/// <param name="Fail">Writes what tells a client that the stream has failed, and why.</param>
internal sealed record StreamFormat<T>(
    string MediaType,
    Action<IBufferWriter<byte>, T> Write,
    Action<IBufferWriter<byte>> End,
    Action<IBufferWriter<byte>, HttpFault> Fail);
