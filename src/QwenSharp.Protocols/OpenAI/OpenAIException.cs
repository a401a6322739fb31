namespace QwenSharp.Protocols.OpenAI;

/// <summary>A request that cannot be served, as OpenAI's clients expect to hear it.</summary>
public sealed class OpenAIException : Exception
{
    /// <summary>An error with the HTTP status and the four fields of OpenAI's error object.</summary>
    /// <param name="status">HTTP status, 400 to 599.</param>
    /// <param name="type">The class of error, such as <c>invalid_request_error</c>.</param>
    /// <param name="message">What is wrong and what to do.</param>
    /// <param name="param">The path of the field at fault, such as <c>messages[0].content</c>; null when no field is.</param>
    /// <param name="code">A word for programs, such as <c>model_not_found</c>; null when the type says enough.</param>
    /// <param name="inner">What caused it.</param>
    public OpenAIException(int status, string type, string message, string? param = null, string? code = null, Exception? inner = null)
        : base(message, inner)
    {
        Status = status;
        Error = new OpenAIError(message, type, param, code);
    }

    /// <summary>HTTP status.</summary>
    public int Status { get; }

    /// <summary>The error object as it goes over the wire.</summary>
    public OpenAIError Error { get; }

    /// <summary>A field whose value is wrong: wrong type, out of range, missing.</summary>
    public static OpenAIException Invalid(string param, string message, string code = "invalid_value") =>
        new(400, "invalid_request_error", message, param, code);

    /// <summary>A field, or a value of it, that this server does not honour.</summary>
    public static OpenAIException Unsupported(string param, string message) =>
        new(400, "invalid_request_error", message, param, "unsupported_parameter");

    /// <summary>A request that is wrong as a whole.</summary>
    public static OpenAIException BadRequest(string message, string? code = null, Exception? inner = null) =>
        new(400, "invalid_request_error", message, param: null, code, inner);

    /// <summary>A prompt that does not fit the model's context.</summary>
    public static OpenAIException ContextTooLong(string param, string message, Exception? inner = null) =>
        new(400, "invalid_request_error", message, param, "context_length_exceeded", inner);

    /// <summary>A model that this server does not have.</summary>
    public static OpenAIException UnknownModel(string model, IEnumerable<string> served) => new(
        404,
        "invalid_request_error",
        $"The model '{model}' does not exist. This server has: {string.Join(", ", served)}.",
        "model",
        "model_not_found");
}
